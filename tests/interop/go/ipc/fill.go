package main

import (
	"fmt"
	"math/rand"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var words = []string{"", "a", "zé", "☃", "😀", "exactly12byt", "thirteenbytes", "longer than twelve bytes, and so on"}

// nullShare says how often a value is null: never, in one of three, always.
type nullShare int

const (
	none nullShare = iota
	some
	all
)

func build(dataType arrow.DataType, length int, nulls nullShare, random *rand.Rand) arrow.Array {
	if extension, ok := dataType.(arrow.ExtensionType); ok {
		return array.NewExtensionArrayWithStorage(extension, build(extension.StorageType(), length, nulls, random))
	}
	builder := array.NewBuilder(memory.DefaultAllocator, dataType)
	for range length {
		appendValue(builder, nulls, random)
	}
	return builder.NewArray()
}

func appendValue(builder array.Builder, nulls nullShare, r *rand.Rand) {
	if nulls == all || nulls == some && r.Intn(3) == 0 {
		builder.AppendNull()
		return
	}
	word := words[r.Intn(len(words))]
	switch b := builder.(type) {
	case *array.NullBuilder:
		b.AppendNull()
	case *array.BooleanBuilder:
		b.Append(r.Intn(2) == 1)
	case *array.Int8Builder:
		b.Append(int8(r.Uint64()))
	case *array.Int16Builder:
		b.Append(int16(r.Uint64()))
	case *array.Int32Builder:
		b.Append(int32(r.Uint64()))
	case *array.Int64Builder:
		b.Append(int64(r.Uint64()))
	case *array.Uint8Builder:
		b.Append(uint8(r.Uint64()))
	case *array.Uint16Builder:
		b.Append(uint16(r.Uint64()))
	case *array.Uint32Builder:
		b.Append(uint32(r.Uint64()))
	case *array.Uint64Builder:
		b.Append(r.Uint64())
	case *array.Float16Builder:
		b.Append(float16.New(float32(r.NormFloat64())))
	case *array.Float32Builder:
		b.Append(float32(r.NormFloat64()))
	case *array.Float64Builder:
		b.Append(r.NormFloat64())
	case array.StringLikeBuilder:
		b.Append(word)
	case *array.FixedSizeBinaryBuilder:
		bytes := make([]byte, b.Type().(*arrow.FixedSizeBinaryType).ByteWidth)
		r.Read(bytes)
		b.Append(bytes)
	case array.BinaryLikeBuilder:
		b.Append([]byte(word + "\xff"))
	case *array.Decimal32Builder:
		b.Append(decimal.Decimal32(r.Intn(200_000) - 100_000))
	case *array.Decimal64Builder:
		b.Append(decimal.Decimal64(r.Int63n(2e15) - 1e15))
	case *array.Decimal128Builder:
		b.Append(decimal128.New(int64(r.Intn(2000)-1000), r.Uint64()))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromI64(r.Int63()).Mul(decimal256.FromI64(int64(r.Intn(2000) - 1000))))
	case *array.Date32Builder:
		b.Append(arrow.Date32(r.Intn(100_000) - 50_000))
	case *array.Date64Builder:
		b.Append(arrow.Date64(int64(r.Intn(100_000)-50_000) * 86_400_000))
	case *array.Time32Builder:
		b.Append(arrow.Time32(r.Intn(86_400)))
	case *array.Time64Builder:
		b.Append(arrow.Time64(r.Int63n(86_400_000_000)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(r.Int63() - r.Int63()))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(r.Int63() - r.Int63()))
	case *array.MonthIntervalBuilder:
		b.Append(arrow.MonthInterval(int32(r.Uint64())))
	case *array.DayTimeIntervalBuilder:
		b.Append(arrow.DayTimeInterval{Days: int32(r.Uint64()), Milliseconds: int32(r.Uint64())})
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(arrow.MonthDayNanoInterval{Months: int32(r.Uint64()), Days: int32(r.Uint64()), Nanoseconds: int64(r.Uint64())})
	case *array.MapBuilder:
		b.Append(true)
		for range r.Intn(3) {
			appendValue(b.KeyBuilder(), none, r)
			appendValue(b.ItemBuilder(), nulls, r)
		}
	case *array.FixedSizeListBuilder:
		b.Append(true)
		for range int(b.Type().(*arrow.FixedSizeListType).Len()) {
			appendValue(b.ValueBuilder(), nulls, r)
		}
	case *array.ListViewBuilder:
		length := r.Intn(3)
		b.AppendWithSize(true, length)
		for range length {
			appendValue(b.ValueBuilder(), nulls, r)
		}
	case *array.LargeListViewBuilder:
		b.AppendWithSize(true, 1)
		appendValue(b.ValueBuilder(), nulls, r)
	case *array.ListBuilder:
		b.Append(true)
		for range r.Intn(4) {
			appendValue(b.ValueBuilder(), nulls, r)
		}
	case *array.LargeListBuilder:
		b.Append(true)
		for range r.Intn(4) {
			appendValue(b.ValueBuilder(), nulls, r)
		}
	case *array.StructBuilder:
		b.Append(true)
		for member := range b.NumField() {
			appendValue(b.FieldBuilder(member), nulls, r)
		}
	case *array.SparseUnionBuilder:
		codes := b.Type().(arrow.UnionType).TypeCodes()
		chosen := r.Intn(len(codes))
		b.Append(codes[chosen])
		for member := range codes {
			if member == chosen {
				appendValue(b.Child(member), nulls, r)
			} else {
				b.Child(member).AppendEmptyValue()
			}
		}
	case *array.DenseUnionBuilder:
		codes := b.Type().(arrow.UnionType).TypeCodes()
		chosen := r.Intn(len(codes))
		b.Append(codes[chosen])
		appendValue(b.Child(chosen), nulls, r)
	case *array.RunEndEncodedBuilder:
		b.Append(uint64(1 + r.Intn(3)))
		appendValue(b.ValueBuilder(), nulls, r)
	case *array.BinaryDictionaryBuilder:
		must(b.AppendString(word))
	case *array.Int64DictionaryBuilder:
		must(b.Append(r.Int63n(5)))
	case *array.Float64DictionaryBuilder:
		must(b.Append(float64(r.Intn(5)) / 4))
	case *array.TimestampDictionaryBuilder:
		must(b.Append(arrow.Timestamp(r.Intn(5))))
	default:
		panic(fmt.Sprintf("no value for %T", builder))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
