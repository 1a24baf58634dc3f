// ADBC for Go and Arrow's own Flight SQL client against the example database:
// flightsql read-only|writable|secured PORT OTHER_PORT. Prints what was checked, fails with what was wrong.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

var ctx = context.Background()

func main() {
	kind, port, otherPort := os.Args[1], os.Args[2], os.Args[3]
	if kind == "secured" {
		passwords(port)
		return
	}
	writable := kind == "writable"
	driver(port, writable)
	protocol(port, otherPort, writable)
}

func passed(what string) { fmt.Println(what) }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func same(what string, found, expected any) {
	if fmt.Sprint(found) != fmt.Sprint(expected) {
		panic(fmt.Sprintf("%s:\nfound    %v\nexpected %v", what, found, expected))
	}
}

func fails(what string, err error, texts ...string) {
	if err == nil {
		panic(what + ": no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			panic(fmt.Sprintf("%s: %q lacks %q", what, err, text))
		}
	}
}

// rowsOf reads all rows as text, a column's values as Arrow writes them.
func rowsOf(reader array.RecordReader, err error) []string {
	check(err)
	defer reader.Release()
	rows := []string{}
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := 0; row < int(batch.NumRows()); row++ {
			values := []string{}
			for _, column := range batch.Columns() {
				values = append(values, column.ValueStr(row))
			}
			rows = append(rows, strings.Join(values, " | "))
		}
	}
	check(reader.Err())
	return rows
}

func readerError(reader array.RecordReader, err error) error {
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
	}
	return reader.Err()
}

// wholeNumbers is a batch of one column.
func wholeNumbers(name string, values ...int64) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)
	builder := array.NewRecordBuilder(allocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	return builder.NewRecordBatch()
}
