use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, StringArray, StructArray, Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use fluss_types::{Column, DataType, ErrorCode, TypeRoot};

use super::PartitionValue;
use crate::ColumnValues;

fn data_type(root: TypeRoot) -> DataType {
    DataType::new(root, true).unwrap()
}

fn texts(root: TypeRoot, array: &dyn Array) -> Vec<String> {
    let column = Column::new("p", data_type(root));
    let values = ColumnValues::new(array, &column.data_type).unwrap();
    (0..array.len())
        .map(|row| {
            let value = PartitionValue::of(&column, &values, row).unwrap();
            let text = value.encode().unwrap();
            let parsed = PartitionValue::parse(&column.data_type, &text);
            assert!(parsed.is_some_and(|p| p == value || text == "NaN"), "{text} is not read as {value:?}");
            text
        })
        .collect()
}

/// The literals are those of Apache Fluss, where it has them.
#[test]
fn values_have_the_texts_of_fluss_and_are_read_again() {
    use TypeRoot as T;
    assert_eq!(texts(T::VarChar(9), &StringArray::from(vec!["Fluss", "a-1_B"])), ["Fluss", "a-1_B"]);
    assert_eq!(texts(T::Char(1), &StringArray::from(vec!["F"])), ["F"]);
    assert_eq!(texts(T::Boolean, &BooleanArray::from(vec![true, false])), ["true", "false"]);
    assert_eq!(texts(T::VarBinary(9), &BinaryArray::from_vec(vec![&[16, 32, 255], b"Hi"])), ["1020ff", "4869"]);
    assert_eq!(texts(T::TinyInt, &Int8Array::from(vec![100, -100])), ["100", "-100"]);
    assert_eq!(texts(T::SmallInt, &Int16Array::from(vec![-32760])), ["-32760"]);
    assert_eq!(texts(T::Int, &Int32Array::from(vec![299_000, 0])), ["299000", "0"]);
    assert_eq!(texts(T::BigInt, &Int64Array::from(vec![1_748_662_955_428, i64::MIN])), ["1748662955428", "-9223372036854775808"]);
    assert_eq!(
        texts(T::Date, &Date32Array::from(vec![20_235, 0, -1, -719_162, 2_932_896, 19_782])),
        ["2025-05-27", "1970-01-01", "1969-12-31", "0001-01-01", "9999-12-31", "2024-02-29"]
    );
    assert_eq!(texts(T::Time(3), &Time32MillisecondArray::from(vec![5_402_199, 0])), ["01-30-02_199", "00-00-00_000"]);
    let floats =
        Float32Array::from(vec![5.73, 12.5, 1e10, 1e-4, 1_234_567.0, 0.001, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    assert_eq!(texts(T::Float, &floats), ["5_73", "12_5", "1_0E10", "1_0E-4", "1234567_0", "0_001", "0_0", "NaN", "Inf", "-Inf"]);
    let doubles = Float64Array::from(vec![5.73, -1.5, 1e7, 9_999_999.5, 0.000_25, 100.0]);
    assert_eq!(texts(T::Double, &doubles), ["5_73", "-1_5", "1_0E7", "9999999_5", "2_5E-4", "100_0"]);
}

#[test]
fn timestamps_have_as_many_digits_as_they_need() {
    use TypeRoot as T;
    let millis =
        TimestampMillisecondArray::from(vec![1_748_662_955_428, 1_748_662_955_000, -1_748_662_955_428, 1_760_273_700_001]);
    let expected = ["2025-05-31-03-42-35_428", "2025-05-31-03-42-35_", "1914-08-03-20-17-24_572", "2025-10-12-12-55-00_001"];
    assert_eq!(texts(T::Timestamp(3), &millis), expected);
    let micros = TimestampMicrosecondArray::from(vec![1_748_662_955_428_070, -1]);
    assert_eq!(texts(T::TimestampLtz(6), &micros), ["2025-05-31-03-42-35_42807", "1969-12-31-23-59-59_999999"]);
    let t = data_type(T::Timestamp(9));
    let (arrow_schema::DataType::Struct(fields), nanos) = (t.to_arrow(), Int32Array::from(vec![99_988, 99_988, 0])) else {
        panic!("a fine timestamp is a struct");
    };
    let millis = TimestampMillisecondArray::from(vec![1_748_662_955_428, -1_748_662_955_428, 0]);
    let columns: Vec<ArrayRef> = vec![Arc::new(millis), Arc::new(nanos)];
    assert_eq!(
        texts(T::Timestamp(9), &StructArray::new(fields, columns, None)),
        ["2025-05-31-03-42-35_428099988", "1914-08-03-20-17-24_572099988", "1970-01-01-00-00-00_"]
    );
}

#[test]
fn what_cannot_stand_in_a_name_is_refused() {
    let long = "x".repeat(201);
    for text in ["", "a$b", "a.b", "ü", "__p", long.as_str()] {
        let e = PartitionValue::Text(text.into()).encode().unwrap_err();
        assert_eq!(e.code(), ErrorCode::InvalidPartition, "{text}");
        assert!(e.message().starts_with(&format!("The partition value '{text}' is invalid: ")), "{e}");
    }
    for value in
        [PartitionValue::Bytes(Vec::new()), PartitionValue::Date(2_932_897), PartitionValue::Timestamp(-62_135_596_801, 0)]
    {
        assert_eq!(value.encode().unwrap_err().code(), ErrorCode::InvalidPartition, "{value:?}");
    }
    let column = Column::new("p", data_type(TypeRoot::Int));
    let array = Int32Array::from(vec![None]);
    let e = PartitionValue::of(&column, &ColumnValues::new(&array, &column.data_type).unwrap(), 0).unwrap_err();
    assert_eq!(e.code(), ErrorCode::NullKey);
    assert!(e.message().contains("Partition value shouldn't be null."), "{e}");
}

#[test]
fn a_value_has_one_text() {
    use TypeRoot as T;
    let refused = [
        (T::Boolean, &["TRUE", "1"][..]),
        (T::TinyInt, &["128", "01", "+1", "-0", "1_0"]),
        (T::Float, &["1", "1_50", "1_0e10", "-0_0", "nan", "Infinity", "1_0E1"]),
        (T::Date, &["2025-02-30", "2025-1-01", "0000-01-01", "20250101", "2023-02-29"]),
        (T::Time(0), &["24-00-00_000", "1-00-00_000", "00-00-00", "00-00-00_00"]),
        (T::Timestamp(6), &["2025-05-31-03-42-35_4280", "2025-05-31-03-42-35", "2025-05-31_", "2025-05-31-03-42-60_"]),
        (T::VarBinary(9), &["ABC", "AB", "0g", "é0"]),
    ];
    for (root, texts) in refused {
        let t = data_type(root);
        for text in texts {
            assert_eq!(PartitionValue::parse(&t, text), None, "{t} {text}");
        }
    }
}

#[test]
fn every_day_of_four_hundred_years_is_read_again() {
    let t = data_type(TypeRoot::Date);
    for day in 0..146_097 {
        let text = PartitionValue::Date(day).encode().unwrap();
        assert_eq!(PartitionValue::parse(&t, &text), Some(PartitionValue::Date(day)), "{text}");
    }
}
