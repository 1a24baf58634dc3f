package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/endian"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// stream is one case: what was written, and what it means.
type stream struct {
	Name string `json:"name"`
	// Bytes is the stream in base64.
	Bytes   string  `json:"stream"`
	Columns [][]any `json:"columns,omitempty"`
	// Refused is what a reader may refuse the stream for.
	Refused  string            `json:"refused,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

func types() []arrow.DataType {
	units := []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond}
	every := []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		&arrow.Decimal32Type{Precision: 9, Scale: 2}, &arrow.Decimal64Type{Precision: 18, Scale: 2},
		&arrow.Decimal128Type{Precision: 38, Scale: 10}, &arrow.Decimal256Type{Precision: 76, Scale: -2},
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView,
		arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary, arrow.BinaryTypes.BinaryView, &arrow.FixedSizeBinaryType{ByteWidth: 5},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		&arrow.Time32Type{Unit: arrow.Second}, &arrow.Time32Type{Unit: arrow.Millisecond},
		&arrow.Time64Type{Unit: arrow.Microsecond}, &arrow.Time64Type{Unit: arrow.Nanosecond},
		arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval,
		arrow.ListOf(arrow.BinaryTypes.String), arrow.LargeListOf(arrow.PrimitiveTypes.Int64), arrow.FixedSizeListOf(3, arrow.PrimitiveTypes.Int16),
		arrow.ListOf(arrow.ListOf(arrow.FixedWidthTypes.Boolean)),
		arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32),
		arrow.StructOf(),
		arrow.StructOf(field("x", arrow.PrimitiveTypes.Int32), field("x", arrow.BinaryTypes.String), field("y", arrow.ListOf(arrow.PrimitiveTypes.Float64))),
		arrow.SparseUnionOf([]arrow.Field{field("i", arrow.PrimitiveTypes.Int32), field("s", arrow.BinaryTypes.String)}, []arrow.UnionTypeCode{5, 10}),
		arrow.DenseUnionOf([]arrow.Field{field("i", arrow.PrimitiveTypes.Int32), field("s", arrow.BinaryTypes.String)}, []arrow.UnionTypeCode{0, 126}),
		extensions.NewUUIDType(), extensions.NewBool8Type(), extensions.NewOpaqueType(arrow.BinaryTypes.Binary, "point", "postgis"),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String),
		arrow.ListViewOf(arrow.PrimitiveTypes.Int32), arrow.LargeListViewOf(arrow.PrimitiveTypes.Int32),
		arrow.ListOf(arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int64)),
	}
	for _, unit := range units {
		every = append(every, &arrow.TimestampType{Unit: unit}, &arrow.TimestampType{Unit: unit, TimeZone: "Europe/Berlin"}, &arrow.DurationType{Unit: unit})
	}
	for _, index := range []arrow.DataType{arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64} {
		every = append(every, &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String})
	}
	for _, value := range []arrow.DataType{arrow.BinaryTypes.Binary, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}} {
		every = append(every, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: value, Ordered: true})
	}
	ofWords := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	return append(every, arrow.ListOf(ofWords), arrow.StructOf(field("d", ofWords), field("e", ofWords)))
}

func field(name string, dataType arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dataType, Nullable: true}
}

var refusedNames = map[arrow.Type]string{
	arrow.RUN_END_ENCODED: "type run-end encoded", arrow.LIST_VIEW: "type list view", arrow.LARGE_LIST_VIEW: "type large list view",
}

func refused(dataType arrow.DataType) string {
	if name, ok := refusedNames[dataType.ID()]; ok {
		return name
	}
	if list, ok := dataType.(*arrow.ListType); ok {
		return refused(list.Elem())
	}
	return ""
}

// streams gives each type with nulls nowhere, here and there, everywhere, under each compression (where `every` is false, one
// compression for each), as a whole, sliced and empty.
func streams(every bool) []stream {
	random := rand.New(rand.NewSource(4))
	compressions := [][]ipc.Option{nil, {ipc.WithLZ4()}, {ipc.WithZstd()}}
	var result []stream
	for _, dataType := range types() {
		schema := arrow.NewSchema([]arrow.Field{field("c", dataType)}, nil)
		for nulls, share := range []string{"no nulls", "some nulls", "all null"} {
			for codec, compression := range []string{"", ", LZ4", ", ZSTD"} {
				if !every && codec != (nulls+2)%3 {
					continue
				}
				values := build(dataType, 13, none+nullShare(nulls), random)
				batches := []arrow.RecordBatch{batch(schema, values)}
				if dataType.ID() != arrow.DENSE_UNION && refused(dataType) == "" { // arrow-go 18.8 fails to write slices of these
					batches = append(batches, batch(schema, array.NewSlice(values, 3, 11)), batch(schema, array.NewSlice(values, 5, 5)))
				}
				name := fmt.Sprintf("%s, %s%s", dataType, share, compression)
				result = append(result, write(name, schema, batches, refused(dataType), compressions[codec]...))
			}
		}
	}
	return append(result, special(random)...)
}

func special(random *rand.Rand) []stream {
	ofWords := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{field("c", ofWords)}, nil)
	encoded := func(builder *array.BinaryDictionaryBuilder, words ...string) arrow.RecordBatch {
		for _, word := range words {
			must(builder.AppendString(word))
		}
		return batch(schema, builder.NewArray())
	}
	growing := array.NewBuilder(memory.DefaultAllocator, ofWords).(*array.BinaryDictionaryBuilder)
	deltas := []arrow.RecordBatch{encoded(growing, "a", "b"), encoded(growing, "b", "c"), encoded(growing, "d", "a", "e")}
	fresh := func(words ...string) arrow.RecordBatch {
		return encoded(array.NewBuilder(memory.DefaultAllocator, ofWords).(*array.BinaryDictionaryBuilder), words...)
	}
	metadata := arrow.MetadataFrom(map[string]string{"k": "v", "zé": "☃"})
	described := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int32, Metadata: metadata}, field("a", arrow.BinaryTypes.String)}, &metadata)
	nothing := arrow.NewSchema(nil, nil)
	columns := []arrow.Array{build(arrow.PrimitiveTypes.Int32, 3, none, random), build(arrow.BinaryTypes.String, 3, some, random)}
	withMetadata := write("metadata, one name twice", described, []arrow.RecordBatch{array.NewRecordBatch(described, columns, 3)}, "")
	swapped := described.WithEndianness(endian.NonNativeEndian)
	withMetadata.Metadata = metadata.ToMap()
	return []stream{
		write("a dictionary's deltas", schema, deltas, "", ipc.WithDictionaryDeltas(true)),
		write("a dictionary replaced", schema, []arrow.RecordBatch{fresh("a", "b"), fresh("x", "y", "x")}, ""),
		write("no batches", schema, nil, ""),
		write("no columns", nothing, []arrow.RecordBatch{array.NewRecordBatch(nothing, nil, 3)}, ""),
		withMetadata,
		write("big-endian", swapped, []arrow.RecordBatch{array.NewRecordBatch(swapped, columns, 3)}, "the data is big-endian"),
	}
}

func batch(schema *arrow.Schema, values arrow.Array) arrow.RecordBatch {
	return array.NewRecordBatch(schema, []arrow.Array{values}, int64(values.Len()))
}

func write(name string, schema *arrow.Schema, batches []arrow.RecordBatch, refused string, options ...ipc.Option) stream {
	var sink bytes.Buffer
	writer := ipc.NewWriter(&sink, append(options, ipc.WithSchema(schema))...)
	columns := make([][]any, schema.NumFields())
	for i := range columns {
		columns[i] = []any{}
	}
	for _, batch := range batches {
		if err := writer.Write(batch); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		for i := range columns {
			if refused == "" {
				columns[i] = append(columns[i], plainValues(batch.Column(i))...)
			}
		}
	}
	must(writer.Close())
	return stream{Name: name, Bytes: base64.StdEncoding.EncodeToString(sink.Bytes()), Columns: columns, Refused: refused}
}
