// Command signaldb asks a running SignalDB through ADBC for Go: signaldb HOST:PORT [TOKEN]. It fails by its exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var ctx = context.Background()

func main() {
	options := map[string]string{adbc.OptionKeyURI: "grpc://" + os.Args[1]}
	if len(os.Args) > 2 {
		options[flightsql.OptionAuthorizationHeader] = "Bearer " + os.Args[2]
	}
	database := must(flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(options))
	connection := must(database.Open(ctx))
	checks := []struct {
		name string
		run  func(adbc.Database, adbc.Connection)
	}{
		{"types", types}, {"parameters", parameters}, {"ingest", ingest}, {"ddl", ddl}, {"objects", objects},
		{"partitions", partitions}, {"cancellation", cancellation}, {"refusals", refusals}, {"many connections", manyConnections},
	}
	for _, check := range checks {
		began := time.Now()
		check.run(database, connection)
		fmt.Printf("%s %.1f s, ", check.name, time.Since(began).Seconds())
	}
	must(0, connection.Close())
	must(0, database.Close())
	fmt.Println("ok")
}

func types(_ adbc.Database, connection adbc.Connection) {
	for expression, expected := range map[string]struct{ kind, value string }{
		"true":                                        {"bool", "true"},
		"(-128)::TINYINT":                             {"int8", "-128"},
		"18446744073709551615::UBIGINT":               {"uint64", "18446744073709551615"},
		"1.5::FLOAT":                                  {"float32", "1.5"},
		"-12345678901234.5678::DECIMAL(18,4)":         {"decimal(18, 4)", "-12345678901234.5678"},
		"'ü€😀'":                                       {"utf8", "ü€😀"},
		"'\\xFF'::BLOB":                               {"binary", "/w=="},
		"DATE '2026-01-02'":                           {"date32", "2026-01-02"},
		"TIME '23:59:59.999999'":                      {"time64[us]", "23:59:59.999999"},
		"TIMESTAMP '2026-01-02 03:04:05.123456'":      {"timestamp[us]", "2026-01-02T03:04:05.123456"},
		"TIMESTAMPTZ '2026-01-02 03:04:05.123456+02'": {"timestamp[us, tz=UTC]", "2026-01-02T01:04:05.123456Z"},
		"INTERVAL '14 months 3 days'":                 {"month_day_nano_interval", `{"months":14,"days":3,"nanoseconds":0}`},
		"'b'::ENUM('a','b')":                          {"dictionary<values=utf8, indices=uint8, ordered=false>", "b"},
		"[1, NULL, 3]":                                {"list<", "[1,null,3]"},
		"array_value(1, 2)":                           {"fixed_size_list<", "[1,2]"},
		"{'a': 1, 'b': NULL::VARCHAR}":                {"struct<", `{"a":1,"b":null}`},
		"MAP {'k': 1}":                                {"map<", `[{"key":"k","value":1}]`},
		"NULL::DOUBLE":                                {"float64", array.NullValueStr},
	} {
		batch := query(connection, "SELECT "+expression+" AS v")[0]
		kind, value := batch.Schema().Field(0).Type.String(), batch.Column(0).ValueStr(0)
		that(strings.HasPrefix(kind, expected.kind) && value == expected.value, expression, "is", kind, value)
	}
}

func parameters(_ adbc.Database, connection adbc.Connection) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery("SELECT ?::BIGINT * 2 AS n, ?::VARCHAR AS s"))
	check(statement.Prepare(ctx))
	schema := must(statement.GetParameterSchema())
	that(schema.NumFields() == 2, "parameters:", schema)
	for range 3 {
		check(statement.Bind(ctx, rows([]int64{1, 2, 3}, []string{"a", "b", "c"})))
		that(count(statement) == 3, "a row of parameters gives a row")
	}
}

func ingest(_ adbc.Database, connection adbc.Connection) {
	write := func(mode string) (int64, error) {
		statement := must(connection.NewStatement())
		defer statement.Close()
		check(statement.SetOption(adbc.OptionKeyIngestTargetTable, "by_go"))
		check(statement.SetOption(adbc.OptionKeyIngestMode, mode))
		check(statement.Bind(ctx, rows([]int64{1, 2, 3}, []string{"a", "b", "c"})))
		return statement.ExecuteUpdate(ctx)
	}
	for _, step := range []struct {
		mode  string
		rows  int
		fails adbc.Status
	}{
		{mode: adbc.OptionValueIngestModeReplace, rows: 3},
		{mode: adbc.OptionValueIngestModeCreate, rows: 3, fails: adbc.StatusAlreadyExists},
		{mode: adbc.OptionValueIngestModeAppend, rows: 6},
		{mode: adbc.OptionValueIngestModeCreateAppend, rows: 9},
		{mode: adbc.OptionValueIngestModeReplace, rows: 3},
	} {
		written, err := write(step.mode)
		that(statusOf(err) == step.fails, step.mode, err)
		that(err != nil || written == 3, step.mode, "wrote", written)
		found := query(connection, "SELECT count(*) FROM by_go")[0].Column(0).ValueStr(0)
		that(found == fmt.Sprint(step.rows), "after", step.mode, "there are", found)
	}
	update(connection, "DROP TABLE by_go")
	_, err := write(adbc.OptionValueIngestModeAppend)
	that(statusOf(err) == adbc.StatusNotFound, "append to a missing table:", err)
}

func ddl(_ adbc.Database, connection adbc.Connection) {
	update(connection, "CREATE TABLE by_go (n BIGINT PRIMARY KEY, price DECIMAL(8,2))")
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery("INSERT INTO by_go VALUES (?, ?)"))
	check(statement.Prepare(ctx))
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "price", Type: &arrow.Decimal128Type{Precision: 8, Scale: 2}}}, nil)
	values := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range 1000 {
		values.Field(0).(*array.Int64Builder).Append(int64(i))
		values.Field(1).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(125 * i)))
	}
	check(statement.Bind(ctx, values.NewRecordBatch()))
	written := must(statement.ExecuteUpdate(ctx))
	that(written == 1000, "inserted", written)
	sum := query(connection, "SELECT sum(price) FROM by_go")[0].Column(0).ValueStr(0)
	that(sum == "624375", "the sum is", sum)
	described := must(connection.GetTableSchema(ctx, nil, nil, "by_go"))
	that(described.Field(1).Type.String() == "decimal(8, 2)", described)
	update(connection, "DROP TABLE by_go")
}

func objects(_ adbc.Database, connection adbc.Connection) {
	for _, depth := range []adbc.ObjectDepth{adbc.ObjectDepthCatalogs, adbc.ObjectDepthDBSchemas, adbc.ObjectDepthTables, adbc.ObjectDepthColumns} {
		pattern := "trac_s"
		reader := must(connection.GetObjects(ctx, depth, nil, nil, &pattern, nil, nil))
		text := ""
		for reader.Next() {
			text += string(must(reader.RecordBatch().MarshalJSON()))
		}
		check(reader.Err())
		that(strings.Contains(text, "signaldb"), depth, text)
		that(strings.Contains(text, `"traces"`) == (depth == adbc.ObjectDepthTables || depth == adbc.ObjectDepthColumns), depth, text)
		that(strings.Contains(text, `"trace_id"`) == (depth == adbc.ObjectDepthColumns), depth, text)
		that(!strings.Contains(text, `"logs"`), depth, text)
	}
}

// partitions reads a result endpoint by endpoint, each over a connection of its own, as engines that spread their work do.
func partitions(database adbc.Database, connection adbc.Connection) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery("SELECT * FROM traces"))
	_, parts, _, err := statement.ExecutePartitions(ctx)
	check(err)
	var total int64
	for _, id := range parts.PartitionIDs {
		other := must(database.Open(ctx))
		reader := must(other.ReadPartition(ctx, id))
		for reader.Next() {
			total += reader.RecordBatch().NumRows()
		}
		check(reader.Err())
		reader.Release()
		check(other.Close())
	}
	expected := query(connection, "SELECT count(*) FROM traces")[0].Column(0).ValueStr(0)
	that(fmt.Sprint(total) == expected, total, "of", expected, "rows in", parts.NumPartitions, "partitions")
}

func cancellation(_ adbc.Database, connection adbc.Connection) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery("SELECT range, md5(range::VARCHAR) FROM range(1000000000)"))
	limited, cancel := context.WithCancel(ctx)
	reader, _, err := statement.ExecuteQuery(limited)
	check(err)
	that(reader.Next(), "there is a first batch")
	cancel()
	for reader.Next() {
	}
	that(statusOf(reader.Err()) == adbc.StatusCancelled, "cancelled:", reader.Err())
	reader.Release()
	query(connection, "SELECT 1")
}

func refusals(_ adbc.Database, connection adbc.Connection) {
	for statement, text := range map[string]string{
		"SELECT nope FROM traces":               "line 1, column 8",
		"SELECT * FROM trace":                   "traces",
		"DROP TABLE traces":                     "traces",
		"INSERT INTO traces VALUES (1)":         "traces",
		"SELECT * FROM read_csv('/etc/passwd')": "read_csv",
	} {
		made := must(connection.NewStatement())
		check(made.SetSqlQuery(statement))
		reader, _, err := made.ExecuteQuery(ctx)
		if err == nil {
			for reader.Next() {
			}
			err = reader.Err()
		}
		that(err != nil && strings.Contains(err.Error(), text), statement, "->", err)
		that(slices.Contains([]adbc.Status{adbc.StatusInvalidArgument, adbc.StatusNotFound}, statusOf(err)), statement, "->", err)
		check(made.Close())
	}
}

func manyConnections(database adbc.Database, _ adbc.Connection) {
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			connection := must(database.Open(ctx))
			for range 4 {
				found := query(connection, "SELECT count(*) FROM range(100000)")[0].Column(0).ValueStr(0)
				that(found == "100000", found)
			}
			check(connection.Close())
		})
	}
	all.Wait()
}

func query(connection adbc.Connection, sql string) []arrow.RecordBatch {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery(sql))
	reader, _, err := statement.ExecuteQuery(ctx)
	check(err)
	defer reader.Release()
	var batches []arrow.RecordBatch
	for reader.Next() {
		batch := reader.RecordBatch()
		batch.Retain()
		batches = append(batches, batch)
	}
	check(reader.Err())
	return batches
}

func count(statement adbc.Statement) (rows int64) {
	reader, _, err := statement.ExecuteQuery(ctx)
	check(err)
	defer reader.Release()
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
	}
	check(reader.Err())
	return rows
}

func update(connection adbc.Connection, sql string) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery(sql))
	must(statement.ExecuteUpdate(ctx))
}

func rows(n []int64, s []string) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(n, nil)
	builder.Field(1).(*array.StringBuilder).AppendValues(s, nil)
	return builder.NewRecordBatch()
}

func statusOf(err error) adbc.Status {
	var known adbc.Error
	if errors.As(err, &known) {
		return known.Code
	}
	if err != nil {
		return adbc.StatusUnknown
	}
	return adbc.StatusOK
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func that(holds bool, told ...any) {
	if !holds {
		panic(fmt.Sprintln(told...))
	}
}
