//! `signatures.txt` is the committed list of natives; the Java side compares itself with it too.

#[test]
fn the_registration_table_is_the_committed_list() {
    let committed: Vec<&str> = include_str!("../signatures.txt").lines().collect();
    let table = fluss_jni::signatures();
    assert_eq!(table, committed, "native/jni/signatures.txt must say the same as the table in register.rs");
}
