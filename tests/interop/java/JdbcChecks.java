import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.HexFormat;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The Flight SQL JDBC driver against the example database: JdbcChecks PORT read-only|writable|secured. Fails by an exception. */
public class JdbcChecks {
  static final Calendar UTC = Calendar.getInstance(TimeZone.getTimeZone("UTC"));
  static Connection connection;

  public static void main(String[] arguments) throws Exception {
    String url = "jdbc:arrow-flight-sql://127.0.0.1:" + arguments[0] + "?useEncryption=false";
    if (arguments[1].equals("secured")) {
      secured(url);
    } else {
      boolean writable = arguments[1].equals("writable");
      try (Connection opened = DriverManager.getConnection(url)) {
        connection = opened;
        queries();
        types();
        parameters();
        tree();
        getters();
        writing(writable);
        cancellation();
      }
      withCatalog(url + "&catalog=shop");
      for (String needless : List.of("&user=anyone&password=anything", "&token=anything")) {
        try (Connection opened = DriverManager.getConnection(url + needless); Statement statement = opened.createStatement()) {
          same("[[1]]", rows(statement.executeQuery("SELECT 1"), 1));
        }
      }
      many(url);
    }
    System.out.println("{\"jdbc\": \"ok\"}");
  }

  /** With a catalog the driver sets a session option while it connects. (It also ends its session twice, the second time in vain.) */
  static void withCatalog(String url) throws SQLException {
    Connection opened = DriverManager.getConnection(url);
    try (Statement statement = opened.createStatement()) {
      same("[[1]]", rows(statement.executeQuery("SELECT 1"), 1));
    }
    try {
      opened.close();
    } catch (SQLException error) {
      if (!error.getMessage().contains("Channel shutdown invoked")) throw error;
    }
    fails("", () -> DriverManager.getConnection(url.replace("catalog=shop", "catalog=nothing")));
  }

  static void secured(String url) throws SQLException {
    for (String right : List.of("&user=ada&password=secret", "&token=good-token")) {
      try (Connection opened = DriverManager.getConnection(url + right); Statement statement = opened.createStatement()) {
        same("[[42]]", rows(statement.executeQuery("SELECT 42"), 1));
      }
    }
    for (String wrong : List.of("", "&user=ada&password=wrong", "&user=eve&password=secret", "&token=bad")) {
      fails("", () -> {
        try (Connection opened = DriverManager.getConnection(url + wrong); Statement statement = opened.createStatement()) {
          statement.executeQuery("SELECT 42");
        }
      });
    }
  }

  static void queries() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      same("[[1, Ada, 1.5], [2, Grace, null], [3, null, -2.0]]", rows(statement.executeQuery("SELECT * FROM people ORDER BY id"), 3));
      try (ResultSet result = statement.executeQuery("SELECT * FROM people ORDER BY id")) {
        result.next();
        result.next();
        same("2023-11-14T22:13:20Z", result.getTimestamp("seen", UTC).toInstant().toString());
        ResultSetMetaData data = result.getMetaData();
        same("id name score seen", String.join(" ", names(result)));
        same("-5 12 8 93", data.getColumnType(1) + " " + data.getColumnType(2) + " " + data.getColumnType(3) + " " + data.getColumnType(4));
      }
      long count = 0;
      try (ResultSet result = statement.executeQuery("SELECT range AS n FROM range(1000000)")) {
        while (result.next()) if (result.getLong(1) == count) count++;
      }
      same("1000000", String.valueOf(count));
      same("[]", rows(statement.executeQuery("SELECT * FROM people WHERE id > 99"), 1));
      statement.setMaxRows(2);
      same("[[1], [2]]", rows(statement.executeQuery("SELECT id FROM people ORDER BY id"), 1));
      statement.setMaxRows(0);
      try (ResultSet unread = statement.executeQuery("SELECT range FROM range(100000000)")) {
        unread.next();
      }
      fails("line 1, column 1: syntax error", () -> statement.executeQuery("SELEC 1"));
      fails("Did you mean \"people\"", () -> statement.executeQuery("SELECT * FROM poeple"));
      fails("too far", () -> rows(statement.executeQuery("SELECT CASE WHEN range = 200000 THEN error('too far') ELSE 'fine' END FROM range(300000)"), 1));
      same("[[1]]", rows(statement.executeQuery("SELECT 1"), 1));
    }
  }

  /** Every type by getObject and getString; the driver can't do both for all. */
  static void types() throws SQLException {
    List<String> found = new ArrayList<>();
    try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("SELECT * FROM everything ORDER BY row_number")) {
      result.next();
      ResultSetMetaData data = result.getMetaData();
      for (int i = 1; i <= data.getColumnCount(); i++) found.add(data.getColumnName(i) + " " + data.getColumnType(i) + " " + object(result, i));
      result.next();
      for (int i = 2; i <= data.getColumnCount(); i++) {
        if (result.getString(i) != null || !result.wasNull()) throw new AssertionError(data.getColumnName(i) + " is not null");
      }
      result.next();
      same("9999-12-31 [] 4,5,6", result.getString("a_date") + " " + result.getString("ints") + " " + String.join(",", strings(result.getArray("three"))));
    }
    same(String.join("\n", EVERYTHING), String.join("\n", found));
  }

  /** The driver's own ways: unsigned numbers are read as signed ones, and of a dictionary the index (a_uint, an_enum). */
  static final String[] EVERYTHING = {
    "row_number 4 Integer 1",
    "a_bool 16 Boolean true",
    "a_tinyint -6 Byte -128",
    "a_smallint 5 Short -32768",
    "an_int 4 Integer -2147483648",
    "a_bigint -5 Long -9223372036854775808",
    "a_utinyint -6 Byte -1",
    "a_usmallint 5 Short -1",
    "a_uint 4 Integer -1",
    "a_ubigint -5 Long -1",
    "a_hugeint 3 BigDecimal -99999999999999999999999999999999999999",
    "a_float 6 Double 1.5",
    "a_double 8 Double -0.1",
    "dec_4_1 3 BigDecimal -999.9",
    "dec_9_2 3 BigDecimal 1234567.89",
    "dec_18_3 3 BigDecimal -123456789012345.678",
    "dec_38_10 3 BigDecimal 1234567890123456789012345678.0123456789",
    "a_text 12 String ü☃ \"x\"",
    "a_blob -3 00ff",
    "a_uuid 12 String 11111111-2222-3333-4444-555555555555",
    "an_enum 12 String 1",
    "a_date 91 Date 1969-12-31",
    "a_time 92 ArrowFlightJdbcTime 23:59:59.999",
    "ts_s 93 2023-11-14T22:13:20Z",
    "ts_ms 93 2023-11-14T22:13:20.123Z",
    "ts_us 93 2023-11-14T22:13:20.123456Z",
    "ts_ns 93 2023-11-14T22:13:20.123456789Z",
    "ts_tz 2014 as text 2023-11-14 20:13:20.123456",
    "an_interval 2000 PeriodDuration P14M3D PT4H5M6.789S",
    "ints 2003 [1, null, 3]",
    "texts 2003 [a, null, ]",
    "lists 2003 [[1], null, []]",
    "three 2003 [1, null, 3]",
    "a_struct 2000 JsonStringHashMap {\"i\":1,\"t\":\"one\"}",
    "structs 2003 [{\"i\":1,\"l\":[\"a\",null]}, null]",
    "a_map 2000 JsonStringHashMap {\"a\":1,\"b\":null}",
  };

  static String object(ResultSet result, int column) {
    try {
      Object value = result.getObject(column);
      if (value instanceof byte[]) return HexFormat.of().formatHex((byte[]) value);
      if (value instanceof Array) return Arrays.toString(strings((Array) value));
      if (value instanceof Timestamp) return result.getTimestamp(column, UTC).toInstant().toString();
      return value.getClass().getSimpleName() + " " + value;
    } catch (SQLException | RuntimeException error) {
      try {
        return "as text " + result.getString(column);
      } catch (SQLException | RuntimeException other) {
        return error.getClass().getSimpleName() + ", " + other.getClass().getSimpleName();
      }
    }
  }

  static String[] strings(Array array) throws SQLException {
    return Arrays.stream((Object[]) array.getArray()).map(String::valueOf).toArray(String[]::new);
  }

  static void parameters() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT ? || '!' AS v")) {
      ParameterMetaData data = statement.getParameterMetaData();
      same("1", String.valueOf(data.getParameterCount()));
      for (String value : new String[] {"a", "ü☃", ""}) {
        statement.setString(1, value);
        same("[[" + value + "!]]", rows(statement.executeQuery(), 1));
      }
      statement.setNull(1, Types.VARCHAR);
      same("[[null]]", rows(statement.executeQuery(), 1));
    }
    Instant instant = Instant.parse("2024-02-29T12:30:45.123Z");
    bound("INTEGER", statement -> statement.setInt(1, -42), "-42");
    bound("BIGINT", statement -> statement.setLong(1, Long.MIN_VALUE), "-9223372036854775808");
    bound("SMALLINT", statement -> statement.setShort(1, (short) -7), "-7");
    bound("TINYINT", statement -> statement.setByte(1, (byte) 7), "7");
    bound("BOOLEAN", statement -> statement.setBoolean(1, true), "true");
    bound("FLOAT", statement -> statement.setFloat(1, 1.5f), "1.5");
    bound("DOUBLE", statement -> statement.setDouble(1, -0.1), "-0.1");
    bound("DECIMAL(10, 2)", statement -> statement.setBigDecimal(1, new BigDecimal("-12.34")), "-12.34");
    bound("VARCHAR", statement -> statement.setString(1, "text"), "text");
    bound("BLOB", statement -> statement.setBytes(1, new byte[] {0, -1}), "\\x00\\xFF");
    bound("DATE", statement -> statement.setDate(1, Date.valueOf("2024-02-29")), "2024-02-29");
    bound("TIMESTAMP", statement -> statement.setTimestamp(1, Timestamp.from(instant), UTC), "2024-02-29 12:30:45.123");
    bound("TIME", statement -> statement.setTime(1, Time.valueOf("12:30:45")), "12:30:45");
    bound("INTEGER", statement -> statement.setNull(1, Types.INTEGER), "null");
    bound("TIMESTAMP", statement -> statement.setNull(1, Types.TIMESTAMP), "null");
    try (PreparedStatement statement = connection.prepareStatement("SELECT name FROM people WHERE id = ? AND score > ?")) {
      statement.setLong(1, 1);
      statement.setDouble(2, 1);
      same("[[Ada]]", rows(statement.executeQuery(), 1));
      statement.setLong(1, 2);
      same("[]", rows(statement.executeQuery(), 1));
    }
  }

  interface Binding {
    void set(PreparedStatement statement) throws SQLException;
  }

  /** The value as the database understood it. */
  static void bound(String type, Binding binding, String expected) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT v::VARCHAR FROM (SELECT ?::" + type + " AS v)")) {
      binding.set(statement);
      same("[[" + expected + "]]", rows(statement.executeQuery(), 1));
    } catch (SQLException | RuntimeException error) {
      throw new AssertionError(type, error);
    }
  }

  /** What DBeaver asks to draw its tree, in its order. */
  static void tree() throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    List<String> tree = new ArrayList<>();
    same("[[TABLE], [VIEW]]", rows(data.getTableTypes(), 1));
    same("[]", rows(data.getTypeInfo(), 1));
    for (String catalog : column(data.getCatalogs(), "TABLE_CAT")) {
      tree.add(catalog);
      for (String schema : column(data.getSchemas(catalog, null), "TABLE_SCHEM")) {
        tree.add(catalog + "." + schema);
        if (schema.equals("main") && catalog.equals("shop")) continue; // other checks write there
        for (String table : column(data.getTables(catalog, schema, "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME")) {
          tree.add(table + " " + column(data.getColumns(catalog, schema, table, "%"), "COLUMN_NAME")
              + " primary " + column(data.getPrimaryKeys(catalog, schema, table), "COLUMN_NAME")
              + " imported " + column(data.getImportedKeys(catalog, schema, table), "PKCOLUMN_NAME")
              + " exported " + column(data.getExportedKeys(catalog, schema, table), "FKCOLUMN_NAME"));
          same("[]", rows(data.getIndexInfo(catalog, schema, table, false, true), 1));
        }
      }
    }
    same(String.join("\n", List.of(
        "attic", "attic.main", "old_things [thing] primary [] imported [] exported []",
        "shop", "shop.box_1",
        "customers [country, number, name] primary [country, number] imported [] exported [country, customer]",
        "orders [id, country, customer, price] primary [id] imported [country, number] exported []",
        "shop.boxes", "people [id] primary [] imported [] exported []", "shop.main")), String.join("\n", tree));
    same("[]", rows(data.getProcedures("shop", "main", "%"), 1));
    same("[]", rows(data.getFunctions("shop", "main", "%"), 1));
    same("[[country], [number]]", rows(data.getCrossReference("shop", "box_1", "customers", "shop", "box_1", "orders"), 4).replaceAll("shop, box_1, customers, ", ""));

    same("[[box_1, shop], [boxes, shop]]", rows(data.getSchemas("shop", "box%"), 2));
    same("[[box_1, shop]]", rows(data.getSchemas("shop", "box\\_%"), 2));
    same("[people, people]", column(data.getTables("shop", null, "p_o%", null), "TABLE_NAME").toString());
    same("[scores]", column(data.getTables("shop", "main", null, new String[] {"VIEW"}), "TABLE_NAME").toString());
    same("[]", rows(data.getTables("shop", "main", "%", new String[] {"NOTHING"}), 3));
    List<String> columns = new ArrayList<>();
    try (ResultSet result = data.getColumns("shop", "main", "people", "%")) {
      while (result.next()) {
        columns.add(result.getString("COLUMN_NAME") + " " + result.getInt("DATA_TYPE") + " " + result.getString("TYPE_NAME") + " "
            + result.getInt("NULLABLE") + " " + result.getInt("ORDINAL_POSITION") + " " + result.getString("REMARKS"));
      }
    }
    same("[id -5 BIGINT 0 1 null, name 12 VARCHAR 1 2 null, score 8 DOUBLE 1 3 null, seen 93 TIMESTAMP 1 4 when they were seen last]", columns.toString());
    same("[price]", column(data.getColumns("shop", "box_1", "orders", "pri%"), "COLUMN_NAME").toString());
  }

  /** Every getter of the metadata that takes nothing answers: DBeaver asks most of them. */
  static void getters() throws Exception {
    int asked = 0;
    for (Method method : DatabaseMetaData.class.getMethods()) {
      if (method.getParameterCount() > 0 || method.getReturnType().equals(void.class)) continue;
      try {
        Object answer = method.invoke(connection.getMetaData());
        if (answer instanceof ResultSet) ((ResultSet) answer).close();
        asked++;
      } catch (InvocationTargetException error) {
        throw new AssertionError(method.getName(), error.getCause());
      }
    }
    if (asked < 135) throw new AssertionError(asked + " getters");
    DatabaseMetaData data = connection.getMetaData();
    same("example 1.2.3 \" \\", data.getDatabaseProductName() + " " + data.getDatabaseProductVersion() + " " + data.getIdentifierQuoteString() + " " + data.getSearchStringEscape());
  }

  static void writing(boolean writable) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!writable) {
        same("true", String.valueOf(connection.getMetaData().isReadOnly()));
        fails("only queries can be run here", () -> statement.executeUpdate("CREATE TABLE tmp (a INT)"));
        return;
      }
      same("false", String.valueOf(connection.getMetaData().isReadOnly()));
      statement.executeUpdate("CREATE TABLE tmp_j (a BIGINT PRIMARY KEY, b VARCHAR, c TIMESTAMP, d DECIMAL(10, 2))");
      same("2", String.valueOf(statement.executeUpdate("INSERT INTO tmp_j (a, b) VALUES (1, 'one'), (2, 'two')")));
      same("false", String.valueOf(statement.execute("UPDATE tmp_j SET b = 'zwei' WHERE a = 2")));
      same("1", String.valueOf(statement.getUpdateCount()));
      same("true", String.valueOf(statement.execute("SELECT count(*) FROM tmp_j")));
      fails("already exists", () -> statement.executeUpdate("CREATE TABLE tmp_j (a INT)"));
    }
    try (PreparedStatement statement = connection.prepareStatement("INSERT INTO tmp_j VALUES (?, ?, ?, ?)")) {
      for (long key : new long[] {3, 4, 5}) {
        statement.setLong(1, key);
        if (key == 4) statement.setNull(2, Types.VARCHAR);
        else statement.setString(2, "row " + key);
        statement.setTimestamp(3, Timestamp.from(Instant.ofEpochMilli(key)), UTC);
        statement.setBigDecimal(4, new BigDecimal("0.25").add(BigDecimal.valueOf(key)));
        statement.addBatch();
      }
      int total = 0;
      for (int count : statement.executeBatch()) total += count;
      same("3", String.valueOf(total));
    }
    try (Statement statement = connection.createStatement()) {
      same("[[1, one, null, null], [2, zwei, null, null], [3, row 3, 1970-01-01 00:00:00.003, 3.25], [4, null, 1970-01-01 00:00:00.004, 4.25], [5, row 5, 1970-01-01 00:00:00.005, 5.25]]",
          rows(statement.executeQuery("SELECT a, b, c::VARCHAR, d::VARCHAR FROM tmp_j ORDER BY a"), 4));
      statement.executeUpdate("DROP TABLE tmp_j");
    }
  }

  static final String ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b";

  static void cancellation() throws Exception {
    try (Statement statement = connection.createStatement()) {
      Thread canceller = new Thread(() -> {
        try {
          Thread.sleep(500);
          statement.cancel();
        } catch (InterruptedException | SQLException ignored) {
        }
      });
      canceller.start();
      fails("", () -> statement.executeQuery(ENDLESS).next());
      canceller.join();
    }
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      fails("", () -> statement.executeQuery(ENDLESS).next());
    }
  }

  static void many(String url) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(50);
    List<Future<String>> answers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      answers.add(pool.submit((Callable<String>) () -> {
        try (Connection own = DriverManager.getConnection(url); Statement statement = own.createStatement()) {
          return rows(statement.executeQuery("SELECT count(*) FROM (SELECT range FROM range(20000))"), 1);
        }
      }));
    }
    for (Future<String> answer : answers) same("[[20000]]", answer.get());
    pool.shutdown();
  }

  static List<String> column(ResultSet result, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    try (result) {
      while (result.next()) values.add(result.getString(name));
    }
    return values;
  }

  static String rows(ResultSet result, int columns) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    try (result) {
      while (result.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) row.add(result.getObject(i));
        rows.add(row);
      }
    }
    return rows.toString();
  }

  static List<String> names(ResultSet result) throws SQLException {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) names.add(result.getMetaData().getColumnName(i));
    return names;
  }

  interface Work {
    void run() throws SQLException;
  }

  /** An error amid the rows leaves the driver as it came, no SQLException. */
  static void fails(String text, Work work) {
    try {
      work.run();
    } catch (SQLException | RuntimeException error) {
      StringBuilder messages = new StringBuilder();
      for (Throwable cause = error; cause != null; cause = cause.getCause()) messages.append(cause.getMessage()).append('\n');
      if (!messages.toString().contains(text)) throw new AssertionError("not \"" + text + "\"", error);
      return;
    }
    throw new AssertionError("no error: " + text);
  }

  static void same(String expected, String found) {
    if (!expected.equals(found)) throw new AssertionError("expected\n" + expected + "\nfound\n" + found);
  }
}
