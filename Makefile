# The one front door; every target is one line into scripts/, cargo or Gradle. Build output lies in
# $FLUSS_BUILD_CACHE (default ~/.cache/fluss-native); only build/ (dist, bench, demo, sql-data) is inside the checkout.
.PHONY: help demo test dist sql bench fuzz lint fmt publish-local preflight
.NOTPARALLEL:

help:           ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

demo: preflight         ## the 336,776 flights that left New York in 2013, through the whole product
	@scripts/demo

test: preflight         ## every test; the last line is "N passed, N failed"
	@scripts/test

dist: preflight         ## the jars: build/dist/lib for Flink 2.2, build/dist/lib-1.20 for Flink 1.20
	@scripts/dist

sql: preflight          ## Flink's SQL client with an embedded catalog; FILE=x.sql runs a file
	@scripts/sql $(FILE)

bench: preflight        ## benchmarks of the embedded store; ONLY=glob runs a part
	@scripts/bench "$(ONLY)"

fuzz: preflight         ## decoders under libFuzzer; TARGET=batch picks one, SECONDS=60 is the time of each
	@scripts/fuzz "$(TARGET)" "$(SECONDS)"

lint: preflight         ## formatting, lints of both languages, file sizes, shell syntax
	@scripts/lint

fmt: preflight          ## formats the Rust code
	@cargo fmt --all

publish-local: preflight ## client, connectors and SQL jars into the local Maven repository
	@scripts/native && scripts/gradle -q publishToMavenLocal

preflight:              ## checks for the tools of the build; as root on Debian or Ubuntu installs what is missing
	@scripts/preflight
