//! The messages survive their own encoding, and the field numbers are those of the file that Java was generated against.

use fluss_proto::{AdminRequest, CreateTable, Message, OpenRequest, TablePath, admin_request};

#[test]
fn nested_request_survives_encoding() {
    let request = AdminRequest {
        request: Some(admin_request::Request::CreateTable(CreateTable {
            path: Some(TablePath { database: "d".into(), table: "t".into() }),
            descriptor: None,
            if_not_exists: true,
        })),
    };
    let bytes = request.encode_to_vec();
    // AdminRequest.create_table = 5, length 10; path = 1, length 6: database = 1 "d", table = 2 "t"; if_not_exists = 3.
    let expected = b"\x2a\x0a\x0a\x06\x0a\x01d\x12\x01t\x18\x01";
    assert_eq!(bytes, expected);
    assert_eq!(AdminRequest::decode(bytes.as_slice()).unwrap(), request);
}

#[test]
fn maps_are_written_in_one_order() {
    let options = [("b", "2"), ("a", "1"), ("c", "3")];
    let options = options.map(|(k, v)| (k.to_string(), v.to_string()));
    let forward = OpenRequest { options: options.clone().into_iter().collect() };
    let backward = OpenRequest { options: options.into_iter().rev().collect() };
    assert_eq!(forward.encode_to_vec(), backward.encode_to_vec());
}
