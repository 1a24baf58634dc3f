// SignalDB through arrow-go's Flight SQL client: connect, ingest, ask with a parameter, stream, read metadata.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

func main() {
	// Connect. Every call of this context brings the token along.
	host := os.Getenv("SIGNALDB_HOST")
	if host == "" {
		host = "127.0.0.1:8082"
	}
	ctx := context.Background()
	if token := os.Getenv("SIGNALDB_TOKEN"); token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	client := must(flightsql.NewClient(host, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer client.Close()

	// Write: a table by SQL, rows by bulk ingest; when it returns, they are on disk.
	must(client.ExecuteUpdate(ctx, "DROP TABLE IF EXISTS readings"))
	must(client.ExecuteUpdate(ctx, "CREATE TABLE readings (sensor VARCHAR, celsius DOUBLE)"))
	batch := readings()
	rows := must(array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch}))
	written := must(client.ExecuteIngest(ctx, rows, &flightsql.ExecuteIngestOpts{
		Table: "readings",
		TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
		},
	}))
	fmt.Printf("wrote %d rows\n", written)

	// Ask, with a parameter.
	statement := must(client.Prepare(ctx, "SELECT count(*), max(celsius) FROM readings WHERE sensor = ?"))
	defer statement.Close(ctx)
	statement.SetParameters(sensor("attic"))
	each(ctx, client, must(statement.Execute(ctx)), func(batch arrow.RecordBatch) {
		fmt.Printf("attic: %s readings, at most %s °C\n", batch.Column(0).ValueStr(0), batch.Column(1).ValueStr(0))
	})

	// Stream a large result: batch by batch, as fast as they are read.
	var count int64
	large := must(client.Execute(ctx, "SELECT range AS id, sqrt(range) AS root FROM range(1000000)"))
	each(ctx, client, large, func(batch arrow.RecordBatch) { count += batch.NumRows() })
	fmt.Printf("streamed %d rows\n", count)

	// Metadata.
	pattern := "read%"
	tables := must(client.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: &pattern}))
	each(ctx, client, tables, func(batch arrow.RecordBatch) {
		for i := range int(batch.NumRows()) {
			fmt.Printf("table: %s.%s\n", batch.Column(1).ValueStr(i), batch.Column(2).ValueStr(i))
		}
	})
}

// each reads all endpoints of a result, one after another.
func each(ctx context.Context, client *flightsql.Client, info *flight.FlightInfo, use func(arrow.RecordBatch)) {
	for _, endpoint := range info.Endpoint {
		reader := must(client.DoGet(ctx, endpoint.Ticket))
		for reader.Next() {
			use(reader.RecordBatch())
		}
		check(reader.Err())
		reader.Release()
	}
}

func readings() arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "sensor", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "celsius", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	rows.Field(0).(*array.StringBuilder).AppendValues([]string{"attic", "cellar", "attic", "garden", "cellar"}, nil)
	rows.Field(1).(*array.Float64Builder).AppendValues([]float64{31.5, 12, 29, 20.5, 12.25}, nil)
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
