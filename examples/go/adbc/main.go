// SignalDB through ADBC: connect, ingest, ask with a parameter, stream, read metadata.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func main() {
	ctx := context.Background()

	// Connect.
	host := os.Getenv("SIGNALDB_HOST")
	if host == "" {
		host = "127.0.0.1:8082"
	}
	options := map[string]string{adbc.OptionKeyURI: "grpc://" + host}
	if token := os.Getenv("SIGNALDB_TOKEN"); token != "" {
		options[flightsql.OptionAuthorizationHeader] = "Bearer " + token
	}
	database := must(flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(options))
	defer database.Close()
	connection := must(database.Open(ctx))
	defer connection.Close()
	statement := must(connection.NewStatement())
	defer statement.Close()

	// Write: any Arrow data; when it returns, the rows are on disk.
	check(statement.SetOption(adbc.OptionKeyIngestTargetTable, "readings"))
	check(statement.SetOption(adbc.OptionKeyIngestMode, adbc.OptionValueIngestModeReplace))
	check(statement.Bind(ctx, readings()))
	fmt.Printf("wrote %d rows\n", must(statement.ExecuteUpdate(ctx)))

	// Ask, with a parameter.
	question := must(connection.NewStatement())
	defer question.Close()
	check(question.SetSqlQuery("SELECT count(*), max(celsius) FROM readings WHERE sensor = ?"))
	check(question.Prepare(ctx))
	check(question.Bind(ctx, sensor("attic")))
	answer, _, err := question.ExecuteQuery(ctx)
	check(err)
	for answer.Next() {
		batch := answer.RecordBatch()
		fmt.Printf("attic: %s readings, at most %s °C\n", batch.Column(0).ValueStr(0), batch.Column(1).ValueStr(0))
	}
	check(answer.Err())
	answer.Release()

	// Stream a large result: batch by batch, as fast as they are read.
	check(question.SetSqlQuery("SELECT range AS id, sqrt(range) AS root FROM range(1000000)"))
	large, _, err := question.ExecuteQuery(ctx)
	check(err)
	var rows int64
	for large.Next() {
		rows += large.RecordBatch().NumRows()
	}
	check(large.Err())
	large.Release()
	fmt.Printf("streamed %d rows\n", rows)

	// Metadata.
	schema := must(connection.GetTableSchema(ctx, nil, nil, "readings"))
	for _, field := range schema.Fields() {
		fmt.Printf("readings.%s: %s\n", field.Name, field.Type)
	}
}

func readings() arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "sensor", Type: arrow.BinaryTypes.String},
		{Name: "taken_at", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true},
		{Name: "celsius", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	now := must(arrow.TimestampFromTime(time.Now(), arrow.Microsecond))
	for i, name := range []string{"attic", "cellar", "attic", "garden", "cellar"} {
		rows.Field(0).(*array.StringBuilder).Append(name)
		rows.Field(1).(*array.TimestampBuilder).Append(now)
		rows.Field(2).(*array.Float64Builder).Append([]float64{31.5, 12, 29, 20.5, 12.25}[i])
	}
	return rows.NewRecordBatch()
}

func sensor(name string) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{{Name: "sensor", Type: arrow.BinaryTypes.String}}, nil)
	row := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer row.Release()
	row.Field(0).(*array.StringBuilder).Append(name)
	return row.NewRecordBatch()
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
