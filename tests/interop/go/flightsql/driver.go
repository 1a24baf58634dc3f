package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var allocator = memory.DefaultAllocator

func open(port string, options map[string]string) (adbc.Connection, func()) {
	all := map[string]string{adbc.OptionKeyURI: "grpc://127.0.0.1:" + port}
	for key, value := range options {
		all[key] = value
	}
	database := must(flightsql.NewDriver(allocator).NewDatabase(all))
	connection := must(database.Open(ctx))
	return connection, func() { check(connection.Close()); check(database.Close()) }
}

// query runs one statement, with parameters where there are some.
func query(connection adbc.Connection, sql string, parameters arrow.RecordBatch) (array.RecordReader, error) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery(sql))
	if parameters != nil {
		if err := statement.Prepare(ctx); err != nil {
			return nil, err
		}
		check(statement.Bind(ctx, parameters))
	}
	reader, _, err := statement.ExecuteQuery(ctx)
	return reader, err
}

func update(connection adbc.Connection, sql string, parameters arrow.RecordBatch) (int64, error) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery(sql))
	if parameters != nil {
		if err := statement.Prepare(ctx); err != nil {
			return 0, err
		}
		check(statement.Bind(ctx, parameters))
	}
	return statement.ExecuteUpdate(ctx)
}

// driver is what a user of ADBC does.
func driver(port string, writable bool) {
	connection, end := open(port, nil)
	defer end()

	same("people", rowsOf(query(connection, "SELECT * FROM people ORDER BY id", nil)), []string{
		"1 | Ada | 1.5 | 1970-01-01T00:00:00", "2 | Grace | (null) | 2023-11-14T22:13:20", "3 | (null) | -2 | (null)",
	})
	types(connection)
	same("parameters", rowsOf(query(connection, "SELECT ? + 1 AS n", wholeNumbers("n", 1, 2, 40))), []string{"2", "3", "41"})
	fails("syntax", readerError(query(connection, "SELEC 1", nil)), "InvalidArgument", "line 1, column 1")
	fails("a table that isn't there", readerError(query(connection, "FROM poeple", nil)), "NotFound", "Did you mean")
	passed("queries, types, parameters, errors")

	objects(connection)
	passed("metadata at every depth")

	if writable {
		writes(connection)
		passed("updates, ingest in every mode, transactions")
	} else {
		_, err := update(connection, "CREATE TABLE tmp (a INT)", nil)
		fails("an update", err, "only queries can be run here")
	}

	partitions := must(connection.NewStatement())
	check(partitions.SetSqlQuery("/* slow */ SELECT 42"))
	check(partitions.SetOption(adbc.OptionKeyIncremental, adbc.OptionValueEnabled))
	found := 0
	for {
		_, made, _, err := partitions.ExecutePartitions(ctx)
		check(err)
		if made.NumPartitions == 0 {
			break
		}
		for _, id := range made.PartitionIDs {
			same("a partition", rowsOf(connection.ReadPartition(ctx, id)), []string{"42"})
			found++
		}
	}
	same("partitions", found, 1)
	check(partitions.Close())
	passed("partitions, polled until they are there")

	cancelled(connection)
	many(port)
	passed("cancellation, 50 connections at once")
}

func types(connection adbc.Connection) {
	reader := must(query(connection, "SELECT * FROM everything ORDER BY row_number", nil))
	defer reader.Release()
	names := []string{}
	for _, field := range reader.Schema().Fields() {
		names = append(names, fmt.Sprintf("%s %s", field.Name, field.Type.Name()))
	}
	same("types", strings.Join(names, ", "), "row_number int32, a_bool bool, a_tinyint int8, a_smallint int16, an_int int32, a_bigint int64, "+
		"a_utinyint uint8, a_usmallint uint16, a_uint uint32, a_ubigint uint64, a_hugeint decimal, a_float float32, a_double float64, "+
		"dec_4_1 decimal, dec_9_2 decimal, dec_18_3 decimal, dec_38_10 decimal, a_text utf8, a_blob binary, a_uuid utf8, an_enum dictionary, "+
		"a_date date32, a_time time64, ts_s timestamp, ts_ms timestamp, ts_us timestamp, ts_ns timestamp, ts_tz timestamp, "+
		"an_interval month_day_nano_interval, ints list, texts list, lists list, three fixed_size_list, a_struct struct, structs list, a_map map")
	if !reader.Next() {
		panic("no rows")
	}
	batch := reader.RecordBatch()
	first := []string{}
	for i := range batch.NumCols() {
		column := batch.Column(int(i))
		first = append(first, column.ValueStr(0))
		if i > 0 && !column.IsNull(1) {
			panic(batch.ColumnName(int(i)) + " of the second row is not null")
		}
	}
	same("the first row", strings.Join(first, "; "), `1; true; -128; -32768; -2147483648; -9223372036854775808; 255; 65535; 4294967295; 18446744073709551615; `+
		`-99999999999999999999999999999999999999; 1.5; -0.1; -999.9; 1234567.89; -123456789012345.678; `+
		`1234567890123456789012345678.0123456789; ü☃ "x"; AP8=; 11111111-2222-3333-4444-555555555555; green; `+
		`1969-12-31; 23:59:59.999999; 2023-11-14T22:13:20; 2023-11-14T22:13:20.123; 2023-11-14T22:13:20.123456; `+
		`2023-11-14T22:13:20.123456789; 2023-11-14T20:13:20.123456Z; {"months":14,"days":3,"nanoseconds":14706789000000}; `+
		`[1,null,3]; ["a",null,""]; [[1],null,[]]; [1,null,3]; {"i":1,"t":"one"}; [{"i":1,"l":["a",null]},null]; [{"key":"a","value":1},{"key":"b","value":null}]`)
}

func objects(connection adbc.Connection) {
	pattern := func(text string) *string { return &text }
	depths := []struct {
		depth                               adbc.ObjectDepth
		catalog, schema, table, column, has string
		rows                                int
	}{
		{adbc.ObjectDepthCatalogs, "%", "%", "%", "%", "attic", 2},
		{adbc.ObjectDepthDBSchemas, "shop", "box\\_%", "%", "%", "box_1", 1},
		{adbc.ObjectDepthTables, "sh_p", "main", "p%", "%", "people", 1},
		{adbc.ObjectDepthColumns, "%", "box_1", "orders", "pri%", "price", 2},
	}
	for _, d := range depths {
		rows := rowsOf(connection.GetObjects(ctx, d.depth, pattern(d.catalog), pattern(d.schema), pattern(d.table), pattern(d.column), nil))
		same(fmt.Sprintf("catalogs at depth %v", d.depth), len(rows), d.rows)
		if !strings.Contains(strings.Join(rows, "\n"), d.has) {
			panic(fmt.Sprintf("depth %v: no %s in %v", d.depth, d.has, rows))
		}
	}
	same("table types", rowsOf(connection.GetTableTypes(ctx)), []string{"TABLE", "VIEW"})
	schema := must(connection.GetTableSchema(ctx, pattern("shop"), pattern("main"), "people"))
	same("nullability", fmt.Sprint(schema.Field(0).Nullable, schema.Field(1).Nullable), "false true")
	_, err := connection.GetTableSchema(ctx, nil, nil, "nothing")
	fails("a table that isn't there", err, "Not Found")
	info := rowsOf(connection.GetInfo(ctx, []adbc.InfoCode{adbc.InfoVendorName, adbc.InfoVendorVersion}))
	if !strings.Contains(strings.Join(info, " "), "example") {
		panic(fmt.Sprint("info ", info))
	}
}

func writes(connection adbc.Connection) {
	must(update(connection, "CREATE TABLE tmp_go (a BIGINT PRIMARY KEY)", nil))
	same("rows of an insert", must(update(connection, "INSERT INTO tmp_go VALUES (1), (2)", nil)), 2)
	same("rows of many parameters", must(update(connection, "INSERT INTO tmp_go VALUES (?)", wholeNumbers("a", 3, 4, 5))), 3)
	_, err := update(connection, "INSERT INTO tmp_go VALUES (?)", wholeNumbers("a", 6, 1))
	fails("a key that is there", err, "AlreadyExists")
	same("all or none", rowsOf(query(connection, "SELECT count(*) FROM tmp_go", nil)), []string{"5"})
	must(update(connection, "DROP TABLE tmp_go", nil))

	ingest := func(mode string, batches ...arrow.RecordBatch) (int64, error) {
		statement := must(connection.NewStatement())
		defer statement.Close()
		check(statement.SetOption(adbc.OptionKeyIngestTargetTable, "tmp_in"))
		check(statement.SetOption(adbc.OptionKeyIngestMode, mode))
		reader := must(array.NewRecordReader(wholeNumbers("n").Schema(), batches))
		check(statement.BindStream(ctx, reader))
		return statement.ExecuteUpdate(ctx)
	}
	three := wholeNumbers("n", 1, 2, 3)
	_, err = ingest(adbc.OptionValueIngestModeAppend, three)
	fails("append to nothing", err, "NotFound")
	same("create", must(ingest(adbc.OptionValueIngestModeCreate, three, three)), 6)
	_, err = ingest(adbc.OptionValueIngestModeCreate, three)
	fails("create once more", err, "AlreadyExists")
	same("append", must(ingest(adbc.OptionValueIngestModeAppend, three)), 3)
	same("replace", must(ingest(adbc.OptionValueIngestModeReplace, three)), 3)
	same("create or append", must(ingest(adbc.OptionValueIngestModeCreateAppend, three)), 3)
	same("rows", rowsOf(query(connection, "SELECT count(*), sum(n) FROM tmp_in", nil)), []string{"6 | 12"})

	check(connection.(adbc.PostInitOptions).SetOption(adbc.OptionKeyAutoCommit, adbc.OptionValueDisabled))
	must(update(connection, "DROP TABLE tmp_in", nil))
	check(connection.Rollback(ctx))
	same("rolled back", rowsOf(query(connection, "SELECT count(*) FROM tmp_in", nil)), []string{"6"})
	must(update(connection, "DROP TABLE tmp_in", nil))
	check(connection.Commit(ctx))
	check(connection.(adbc.PostInitOptions).SetOption(adbc.OptionKeyAutoCommit, adbc.OptionValueEnabled))
	fails("committed", readerError(query(connection, "FROM tmp_in", nil)), "NotFound")
}

const endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b"

func cancelled(connection adbc.Connection) {
	statement := must(connection.NewStatement())
	defer statement.Close()
	check(statement.SetSqlQuery(endless))
	hurried, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	reader, _, err := statement.ExecuteQuery(hurried)
	fails("a query that takes too long", readerError(reader, err))
}

func many(port string) {
	var group sync.WaitGroup
	errors := make(chan error, 50)
	for range 50 {
		group.Go(func() {
			connection, end := open(port, nil)
			defer end()
			reader, err := query(connection, "SELECT range FROM range(20000)", nil)
			if err == nil {
				rows := 0
				for reader.Next() {
					rows += int(reader.RecordBatch().NumRows())
				}
				if err = reader.Err(); err == nil && rows != 20000 {
					err = fmt.Errorf("%d rows", rows)
				}
				reader.Release()
			}
			errors <- err
		})
	}
	group.Wait()
	close(errors)
	for err := range errors {
		check(err)
	}
}

func passwords(port string) {
	try := func(options map[string]string) error {
		all := map[string]string{adbc.OptionKeyURI: "grpc://127.0.0.1:" + port}
		for key, value := range options {
			all[key] = value
		}
		database := must(flightsql.NewDriver(allocator).NewDatabase(all))
		defer database.Close()
		connection, err := database.Open(ctx)
		if err != nil {
			return err
		}
		defer connection.Close()
		return readerError(query(connection, "SELECT 42", nil))
	}
	header := flightsql.OptionAuthorizationHeader
	check(try(map[string]string{adbc.OptionKeyUsername: "ada", adbc.OptionKeyPassword: "secret"}))
	check(try(map[string]string{header: "Bearer good-token"}))
	fails("no token", try(nil), "Unauthenticated")
	fails("a wrong token", try(map[string]string{header: "Bearer bad"}), "Unauthenticated")
	fails("a wrong password", try(map[string]string{adbc.OptionKeyUsername: "ada", adbc.OptionKeyPassword: "wrong"}), "Unauthenticated")
	passed("user and password, token, wrong ones and none")
}
