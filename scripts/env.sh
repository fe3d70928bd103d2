# Shared by the scripts of this folder: sourced, not run. Sets where everything lies; nothing here starts a build.
#   ROOT        the checkout
#   CACHE       build output of all checkouts: $FLUSS_BUILD_CACHE, else ~/.cache/fluss-native
#   OUT         this checkout's share of it: Gradle's output, staged native library, test results
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${FLUSS_BUILD_CACHE:-$HOME/.cache/fluss-native}
OUT=$CACHE/gradle/$(printf %s "$ROOT" | sha1sum | cut -c1-12)
RESULTS=$OUT/results
VERSION=0.1.0
SQL_JAR=$OUT/flink-sql-connector-fluss/libs/flink-sql-connector-fluss-$VERSION.jar
SQL_JAR_1_20=$OUT/flink-sql-connector-fluss-1.20/libs/flink-sql-connector-fluss-1.20-$VERSION.jar
# One target directory and one profile (release) for everything: RocksDB is compiled once.
export CARGO_TARGET_DIR=$CACHE/target
# In CI the lock file is the truth; at home cargo may update it.
CARGO_LOCKED=(); if [ "${CI:-}" = true ]; then CARGO_LOCKED=(--locked); fi

die() { echo "error: $*" >&2; exit 1; }

# java_major JAVA_HOME: 17, 21, …; nothing when there is no compiler.
java_major() {
  [ -x "$1/bin/javac" ] || return 1
  "$1/bin/javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p'
}

# Sets JAVA_HOME: the one given if it is a JDK 17 or later, else the lowest installed JDK from 17 on (Gradle 4.4.1 reads class
# files up to those of 17 with certainty), else what `javac` on the PATH belongs to.
find_java() {
  local h v best= bestv=999
  if [ -n "${JAVA_HOME:-}" ]; then
    v=$(java_major "$JAVA_HOME" || true)
    if [ -n "$v" ] && [ "$v" -ge 17 ]; then export JAVA_HOME; return 0; fi
  fi
  for h in /usr/lib/jvm/* $(command -v javac >/dev/null && dirname "$(dirname "$(readlink -f "$(command -v javac)")")"); do
    v=$(java_major "$h" || true)
    if [ -n "$v" ] && [ "$v" -ge 17 ] && [ "$v" -lt "$bestv" ]; then best=$h bestv=$v; fi
  done
  [ -n "$best" ] || return 1
  export JAVA_HOME=$best
}

# run_app PROJECT MAIN_CLASS [ARGS…]: replaces this shell by a program that Gradle's `app` task has prepared.
# APP_OPTS: further JVM options.
run_app() {
  local dir=$OUT/$1 main=$2 opts; shift 2
  find_java || die "no JDK 17 or later"
  mapfile -t opts < "$dir/app.jvmargs"
  # shellcheck disable=SC2086
  exec "$JAVA_HOME/bin/java" "${opts[@]}" ${APP_OPTS:-} -cp "$(cat "$dir/app.classpath")" "$main" "$@"
}
