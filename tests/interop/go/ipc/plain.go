package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// plainValues gives what is stored as JSON, as packages/flight/src/testing/plain-values.ts does.
func plainValues(values arrow.Array) []any {
	result := make([]any, values.Len())
	for i := range result {
		result[i] = plain(values, i)
	}
	return result
}

func plain(values arrow.Array, i int) any {
	switch a := values.(type) {
	case array.Union:
		child := a.Field(a.ChildID(i))
		at := i
		if dense, ok := a.(*array.DenseUnion); ok {
			at = int(dense.ValueOffset(i))
		}
		return []any{strconv.Itoa(int(a.TypeCode(i))), plain(child, at)}
	case *array.Null:
		return nil
	case *array.RunEndEncoded:
		return plain(a.Values(), a.GetPhysicalIndex(i))
	}
	if values.IsNull(i) {
		return nil
	}
	switch a := values.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int8:
		return integer(int64(a.Value(i)))
	case *array.Int16:
		return integer(int64(a.Value(i)))
	case *array.Int32:
		return integer(int64(a.Value(i)))
	case *array.Int64:
		return integer(a.Value(i))
	case *array.Uint8:
		return natural(uint64(a.Value(i)))
	case *array.Uint16:
		return natural(uint64(a.Value(i)))
	case *array.Uint32:
		return natural(uint64(a.Value(i)))
	case *array.Uint64:
		return natural(a.Value(i))
	case *array.Float16:
		return natural(uint64(a.Value(i).Uint16()))
	case *array.Float32:
		return natural(uint64(math.Float32bits(a.Value(i))))
	case *array.Float64:
		return natural(math.Float64bits(a.Value(i)))
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.StringView:
		return a.Value(i)
	case *array.Binary:
		return hex.EncodeToString(a.Value(i))
	case *array.LargeBinary:
		return hex.EncodeToString(a.Value(i))
	case *array.BinaryView:
		return hex.EncodeToString(a.Value(i))
	case *array.FixedSizeBinary:
		return hex.EncodeToString(a.Value(i))
	case *array.Decimal32:
		return integer(int64(a.Value(i)))
	case *array.Decimal64:
		return integer(int64(a.Value(i)))
	case *array.Decimal128:
		return a.Value(i).BigInt().String()
	case *array.Decimal256:
		return a.Value(i).BigInt().String()
	case *array.Date32:
		return integer(int64(a.Value(i)))
	case *array.Date64:
		return integer(int64(a.Value(i)))
	case *array.Time32:
		return integer(int64(a.Value(i)))
	case *array.Time64:
		return integer(int64(a.Value(i)))
	case *array.Timestamp:
		return integer(int64(a.Value(i)))
	case *array.Duration:
		return integer(int64(a.Value(i)))
	case *array.MonthInterval:
		return []any{integer(int64(a.Value(i)))}
	case *array.DayTimeInterval:
		v := a.Value(i)
		return []any{integer(int64(v.Days)), integer(int64(v.Milliseconds))}
	case *array.MonthDayNanoInterval:
		v := a.Value(i)
		return []any{integer(int64(v.Months)), integer(int64(v.Days)), integer(v.Nanoseconds)}
	case *array.Dictionary:
		return plain(a.Dictionary(), a.GetValueIndex(i))
	case *array.Map:
		begin, end := a.ValueOffsets(i)
		pairs := []any{}
		for at := int(begin); at < int(end); at++ {
			pairs = append(pairs, []any{plain(a.Keys(), at), plain(a.Items(), at)})
		}
		return pairs
	case array.ListLike:
		begin, end := a.ValueOffsets(i)
		items := []any{}
		for at := int(begin); at < int(end); at++ {
			items = append(items, plain(a.ListValues(), at))
		}
		return items
	case *array.Struct:
		members := []any{}
		for member := range a.NumField() {
			members = append(members, plain(a.Field(member), i))
		}
		return members
	case array.ExtensionArray:
		return plain(a.Storage(), i)
	}
	panic(fmt.Sprintf("no plain value of %T", values))
}

func integer(value int64) string  { return strconv.FormatInt(value, 10) }
func natural(value uint64) string { return strconv.FormatUint(value, 10) }
