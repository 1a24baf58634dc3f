package main

import (
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func connect(port string) *flightsql.Client {
	return must(flightsql.NewClient("127.0.0.1:"+port, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials())))
}

// fetch reads what an info describes; every schema on the way has to be the one expected, nullability included.
func fetch(client *flightsql.Client, expected *arrow.Schema, info *flight.FlightInfo, err error) []string {
	check(err)
	rows := []string{}
	if expected != nil {
		same("the schema in the info", must(flight.DeserializeSchema(info.Schema, allocator)), expected)
	}
	for _, endpoint := range info.Endpoint {
		reader := must(client.DoGet(ctx, endpoint.Ticket))
		if expected != nil && !reader.Schema().Equal(expected) {
			same("the schema of the rows", reader.Schema(), expected)
		}
		rows = append(rows, rowsOf(reader, nil)...)
	}
	return rows
}

// protocol asks for every command and action, by Arrow's own client.
func protocol(port, otherPort string, writable bool) {
	client := connect(port)
	defer client.Close()
	metadata(client)
	prepared(client, otherPort)
	flights(client)
	if writable {
		transactions(client)
		plans(client)
	} else {
		_, err := client.BeginTransaction(ctx)
		fails("a transaction", err, "Unimplemented", "leave autocommit on")
		_, err = client.ExecuteSubstrait(ctx, flightsql.SubstraitPlan{Plan: []byte("SELECT 1")})
		fails("a plan", err, "Unimplemented", "send SQL")
	}
}

func metadata(client *flightsql.Client) {
	text := func(value string) *string { return &value }
	info, err := client.GetCatalogs(ctx)
	same("catalogs", fetch(client, schema_ref.Catalogs, info, err), []string{"attic", "shop"})
	info, err = client.GetDBSchemas(ctx, &flightsql.GetDBSchemasOpts{Catalog: text("shop"), DbSchemaFilterPattern: text("box%")})
	same("schemas", fetch(client, schema_ref.DBSchemas, info, err), []string{"shop | box_1", "shop | boxes"})
	info, err = client.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: text("%\\_%")})
	same("tables", fetch(client, schema_ref.Tables, info, err), []string{"attic | main | old_things | TABLE"})
	info, err = client.GetTables(ctx, &flightsql.GetTablesOpts{Catalog: text(""), IncludeSchema: true})
	same("tables without a catalog", fetch(client, schema_ref.TablesWithIncludedSchema, info, err), []string{})
	info, err = client.GetTableTypes(ctx)
	same("table types", fetch(client, schema_ref.TableTypes, info, err), []string{"TABLE", "VIEW"})

	orders := flightsql.TableRef{Catalog: text("shop"), DBSchema: text("box_1"), Table: "orders"}
	customers := flightsql.TableRef{Table: "customers"}
	info, err = client.GetPrimaryKeys(ctx, customers)
	same("primary keys", fetch(client, schema_ref.PrimaryKeys, info, err), []string{
		"shop | box_1 | customers | country | 1 | customers_country_number_pkey",
		"shop | box_1 | customers | number | 2 | customers_country_number_pkey",
	})
	keys := []string{
		"shop | box_1 | customers | country | shop | box_1 | orders | country | 1 | orders_country_customer_country_number_fkey | (null) | 1 | 1",
		"shop | box_1 | customers | number | shop | box_1 | orders | customer | 2 | orders_country_customer_country_number_fkey | (null) | 1 | 1",
	}
	info, err = client.GetImportedKeys(ctx, orders)
	same("imported keys", fetch(client, schema_ref.ImportedKeys, info, err), keys)
	info, err = client.GetExportedKeys(ctx, customers)
	same("exported keys", fetch(client, schema_ref.ExportedKeys, info, err), keys)
	info, err = client.GetCrossReference(ctx, customers, orders)
	same("cross reference", fetch(client, schema_ref.CrossReference, info, err), keys)
	info, err = client.GetCrossReference(ctx, orders, customers)
	same("no cross reference", fetch(client, schema_ref.CrossReference, info, err), []string{})

	varchar := int32(12)
	info, err = client.GetXdbcTypeInfo(ctx, &varchar)
	same("types of SQL by number", len(fetch(client, schema_ref.XdbcTypeInfo, info, err)), 1)
	info, err = client.GetXdbcTypeInfo(ctx, nil)
	if found := len(fetch(client, schema_ref.XdbcTypeInfo, info, err)); found < 13 {
		panic(found)
	}
	info, err = client.GetSqlInfo(ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerName, flightsql.SqlInfoFlightSqlServerCancel})
	same("info", fetch(client, schema_ref.SqlInfo, info, err), []string{`0 | [0,"example"]`, `9 | [1,true]`})
	info, err = client.GetSqlInfo(ctx, nil)
	if found := len(fetch(client, schema_ref.SqlInfo, info, err)); found < 89 {
		panic(found)
	}
	for expected, found := range map[*arrow.Schema]func() (*flight.SchemaResult, error){
		schema_ref.Catalogs:     func() (*flight.SchemaResult, error) { return client.GetCatalogsSchema(ctx) },
		schema_ref.DBSchemas:    func() (*flight.SchemaResult, error) { return client.GetDBSchemasSchema(ctx) },
		schema_ref.TableTypes:   func() (*flight.SchemaResult, error) { return client.GetTableTypesSchema(ctx) },
		schema_ref.PrimaryKeys:  func() (*flight.SchemaResult, error) { return client.GetPrimaryKeysSchema(ctx) },
		schema_ref.ImportedKeys: func() (*flight.SchemaResult, error) { return client.GetImportedKeysSchema(ctx) },
		schema_ref.SqlInfo:      func() (*flight.SchemaResult, error) { return client.GetSqlInfoSchema(ctx) },
		schema_ref.XdbcTypeInfo: func() (*flight.SchemaResult, error) { return client.GetXdbcTypeInfoSchema(ctx) },
		schema_ref.Tables:       func() (*flight.SchemaResult, error) { return client.GetTablesSchema(ctx, &flightsql.GetTablesOpts{}) },
	} {
		same("GetSchema", must(flight.DeserializeSchema(must(found()).Schema, allocator)), expected)
	}
	passed("every metadata command, its schema that of the specification")
}

func prepared(client *flightsql.Client, otherPort string) {
	statement := must(client.Prepare(ctx, "SELECT name FROM people WHERE id = ?"))
	same("its schema", statement.DatasetSchema().Field(0).Name, "name")
	same("its parameters", statement.ParameterSchema().Field(0).Type, arrow.PrimitiveTypes.Int64)
	statement.SetParameters(wholeNumbers("id", 2, 1, 9))
	info, err := statement.Execute(ctx)
	same("one row of parameters after another", fetch(client, nil, info, err), []string{"Grace", "Ada"})

	other := connect(otherPort)
	defer other.Close()
	moved := flightsql.NewPreparedStatement(other, statement.Handle())
	moved.SetParameters(wholeNumbers("id", 2))
	info, err = moved.Execute(ctx)
	same("at another server", fetch(other, nil, info, err), []string{"Grace"})
	check(moved.Close(ctx))
	check(statement.Close(ctx))

	changed := append([]byte{}, info.Endpoint[0].Ticket.Ticket...)
	changed[len(changed)-1] ^= 1
	_, err = client.DoGet(ctx, &flight.Ticket{Ticket: changed})
	fails("a ticket that was changed", err, "was not made by this service")
	passed("prepared statements, at another server too")
}

func flights(client *flightsql.Client) {
	info, err := client.Execute(ctx, "SELECT 7 AS seven")
	check(err)
	renewed := must(client.RenewFlightEndpoint(ctx, &flight.RenewFlightEndpointRequest{Endpoint: info.Endpoint[0]}))
	if renewed.ExpirationTime.AsTime().Before(time.Now()) {
		panic("the renewed endpoint has expired")
	}
	info.Endpoint[0] = renewed
	same("the renewed endpoint", fetch(client, nil, info, nil), []string{"7"})
	schema := must(client.GetExecuteSchema(ctx, "SELECT 7 AS seven"))
	same("GetSchema", must(flight.DeserializeSchema(schema.Schema, allocator)).Field(0).Name, "seven")

	poll := must(client.ExecutePoll(ctx, "/* slow */ SELECT 42", nil))
	polls := 1
	for ; poll.FlightDescriptor != nil; polls++ {
		poll = must(client.ExecutePoll(ctx, "/* slow */ SELECT 42", poll.FlightDescriptor))
	}
	same("polls", polls, 3)
	same("a polled query", fetch(client, nil, poll.Info, nil), []string{"42"})

	for _, legacy := range []bool{false, true} {
		running, err := client.Execute(ctx, endless)
		check(err)
		failed := make(chan error)
		go func() { failed <- readerError(client.DoGet(ctx, running.Endpoint[0].Ticket)) }()
		cancel := func() string {
			if legacy {
				return must(client.CancelQuery(ctx, running)).String()
			}
			return must(client.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: running})).Status.String()
		}
		// Before it runs nothing can be stopped there; its ticket is refused then.
		if status := cancel(); !strings.HasSuffix(status, "CANCELLED") && !strings.HasSuffix(status, "NOT_CANCELLABLE") && status != "CancelResultCancelled" {
			panic(status)
		}
		fails("a query that was cancelled", <-failed, "Canceled", "the query was cancelled")
	}

	options := must(client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{}))
	same("the catalog", options.SessionOptions["catalog"].GetStringValue(), "shop")
	wanted := &flight.SetSessionOptionsRequest{SessionOptions: must(flight.NewSessionOptionValues(map[string]any{"catalog": "elsewhere", "nonsense": true}))}
	set := must(client.SetSessionOptions(ctx, wanted))
	same("options that can't be set", len(set.Errors), 2)
	must(client.CloseSession(ctx, &flight.CloseSessionRequest{}))
	passed("polling, renewal, cancellation old and new, sessions")
}

func transactions(client *flightsql.Client) {
	transaction := must(client.BeginTransaction(ctx))
	must(transaction.ExecuteUpdate(ctx, "CREATE TABLE tmp_tx (n BIGINT)"))
	reader := must(array.NewRecordReader(wholeNumbers("n").Schema(), []arrow.RecordBatch{wholeNumbers("n", 1, 2)}))
	ingested := must(client.ExecuteIngest(ctx, reader, &flightsql.ExecuteIngestOpts{
		Table: "tmp_tx",
		TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
		},
		TransactionId: transaction.ID(),
	}))
	same("rows ingested", ingested, 2)
	statement := must(transaction.Prepare(ctx, "SELECT sum(n) FROM tmp_tx"))
	info, err := statement.Execute(ctx)
	same("inside", fetch(client, nil, info, err), []string{"3"})
	_, err = client.Execute(ctx, "FROM tmp_tx")
	fails("outside", err, "NotFound")
	_, err = transaction.BeginSavepoint(ctx, "s")
	fails("a savepoint", err, "Unimplemented", "no savepoints")
	check(transaction.Rollback(ctx))
	_, err = client.Execute(ctx, "FROM tmp_tx")
	fails("afterwards", err, "NotFound")
	passed("transactions, an ingest in one too")
}

func plans(client *flightsql.Client) {
	plan := flightsql.SubstraitPlan{Plan: []byte("SELECT 42 AS n"), Version: "0.23.0"}
	info, err := client.ExecuteSubstrait(ctx, plan)
	same("a plan", fetch(client, nil, info, err), []string{"42"})
	schema := must(client.GetExecuteSubstraitSchema(ctx, plan))
	same("its schema", must(flight.DeserializeSchema(schema.Schema, allocator)).Field(0).Name, "n")
	statement := must(client.PrepareSubstrait(ctx, flightsql.SubstraitPlan{Plan: []byte("SELECT ? + 1"), Version: "0.23.0"}))
	statement.SetParameters(wholeNumbers("n", 1, 2))
	info, err = statement.Execute(ctx)
	same("a prepared plan", fetch(client, nil, info, err), []string{"2", "3"})
	must(client.ExecuteSubstraitUpdate(ctx, flightsql.SubstraitPlan{Plan: []byte("CREATE TABLE tmp_plan (a INT)")}))
	must(client.ExecuteUpdate(ctx, "DROP TABLE tmp_plan"))
	passed("plans")
}
