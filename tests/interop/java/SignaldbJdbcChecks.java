import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;

/** A running SignalDB by JDBC, as DBeaver uses it: SignaldbJdbcChecks PORT, or with authentication on PORT secured. Fails by an exception. */
public class SignaldbJdbcChecks {
  public static void main(String[] arguments) throws Exception {
    String url = "jdbc:arrow-flight-sql://127.0.0.1:" + arguments[0] + "?useEncryption=false";
    if (arguments.length > 1) credentials(url);
    else everything(url);
    System.out.println("{\"jdbc\": \"ok\"}");
  }

  static void everything(String url) throws Exception {
    try (Connection connection = DriverManager.getConnection(url)) {
      tree(connection);
      queries(connection);
      writes(connection);
      cancellation(connection);
    }
    try (Connection other = DriverManager.getConnection(url + "&x-scope-orgid=other-tenant"); Statement statement = other.createStatement()) {
      same(List.of("secret"), column(statement.executeQuery("SELECT DISTINCT service_name FROM traces"), 1));
    }
    Connection named = DriverManager.getConnection(url + "&catalog=signaldb");
    same(List.of(1), column(named.createStatement().executeQuery("SELECT 1::INT"), 1));
    try {
      named.close();
    } catch (SQLException afterItsChannel) {
      // With catalog= the driver ends its channel first and wants to close the session over it then.
    }
    fails("catalog", () -> DriverManager.getConnection(url + "&catalog=nothing").createStatement().executeQuery("SELECT 1"));
  }

  static void credentials(String url) throws Exception {
    for (String good : List.of("&token=writer-token", "&user=ada&password=correct%20horse")) {
      try (Connection connection = DriverManager.getConnection(url + good); Statement statement = connection.createStatement()) {
        same(List.of(1), column(statement.executeQuery("SELECT 1::INT"), 1));
        same(List.of("acme"), column(connection.getMetaData().getSchemas(), 1));
        statement.execute("CREATE TABLE by_jdbc (n INTEGER)");
        statement.execute("INSERT INTO by_jdbc VALUES (1)");
        same(List.of(1L), column(statement.executeQuery("SELECT count(*) FROM by_jdbc"), 1));
        statement.execute("DROP TABLE by_jdbc");
      }
    }
    for (String bad : List.of("", "&token=wrong", "&user=ada&password=wrong", "&user=nobody&password=x", "&token=writer-token&x-scope-orgid=other")) {
      fails("", () -> {
        try (Connection connection = DriverManager.getConnection(url + bad)) {
          connection.createStatement().executeQuery("SELECT 1");
        }
      });
    }
    try (Connection connection = DriverManager.getConnection(url + "&token=reader-token"); Statement statement = connection.createStatement()) {
      fails("", () -> statement.execute("CREATE TABLE by_jdbc (n INTEGER)"));
    }
  }

  /** What DBeaver asks for to draw its tree: catalogs, schemas, tables, columns, keys, indexes, types, functions. */
  static void tree(Connection connection) throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    same("SignalDB", data.getDatabaseProductName());
    same("\"", data.getIdentifierQuoteString());
    same(false, data.supportsTransactions());
    for (String text : List.of(data.getDatabaseProductVersion(), data.getSQLKeywords(), data.getCatalogTerm(), data.getSchemaTerm(), data.getSearchStringEscape(), data.getNumericFunctions(), data.getStringFunctions(), data.getTimeDateFunctions(), data.getSystemFunctions()))
      if (text == null) throw new AssertionError("a text of the metadata is null");
    same(List.of("signaldb"), column(data.getCatalogs(), 1));
    same(List.of("default"), column(data.getSchemas(), 1));
    same(List.of("default"), column(data.getSchemas("signaldb", "def%"), 1));
    same(List.of(), column(data.getSchemas("signaldb", "nobody"), 1));
    List<Object> types = column(data.getTableTypes(), 1);
    if (!types.contains("TABLE")) throw new AssertionError(types.toString());
    List<Object> tables = column(data.getTables("signaldb", "default", "%", null), 3);
    for (String signal : List.of("traces", "logs", "metrics_gauge", "metrics_sum", "metrics_histogram", "metrics_exponential_histogram", "metrics_summary"))
      if (!tables.contains(signal)) throw new AssertionError(signal + " is not among " + tables);
    same(List.of("traces"), column(data.getTables(null, null, "tr_ces", new String[] {"TABLE"}), 3));
    same(List.of(), column(data.getTables(null, null, "%", new String[] {"NOTHING"}), 3));
    for (Object table : tables) {
      int columns = 0;
      try (ResultSet result = data.getColumns("signaldb", "default", (String) table, "%")) {
        for (; result.next(); columns++) {
          same(columns + 1, result.getInt("ORDINAL_POSITION"));
          if (result.getString("COLUMN_NAME") == null || result.getString("TYPE_NAME") == null) throw new AssertionError(table + " has a column without name or type");
        }
      }
      if (columns == 0) throw new AssertionError(table + " has no columns");
      column(data.getPrimaryKeys("signaldb", "default", (String) table), 4);
      same(List.of(), column(data.getImportedKeys("signaldb", "default", (String) table), 1));
      same(List.of(), column(data.getExportedKeys("signaldb", "default", (String) table), 1));
      column(data.getIndexInfo("signaldb", "default", (String) table, false, true), 1);
    }
    same(List.of("trace_id", "span_id"), column(data.getPrimaryKeys("signaldb", "default", "traces"), 4));
    String comment = null;
    try (ResultSet result = data.getColumns(null, null, "traces", "duration_ns")) {
      if (result.next()) comment = result.getString("REMARKS");
    }
    if (comment == null || comment.isEmpty()) throw new AssertionError("duration_ns has no comment");
    column(data.getTypeInfo(), 1);
    column(data.getProcedures(null, null, "%"), 1);
    column(data.getFunctions(null, null, "%"), 1);
    column(data.getCrossReference(null, null, "traces", null, null, "logs"), 1);
  }

  static void queries(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      same(List.of("cart", "checkout"), column(statement.executeQuery("SELECT DISTINCT service_name FROM traces ORDER BY 1"), 1));
      try (ResultSet result = statement.executeQuery("SELECT 1::INT, 2::BIGINT, 3.5::DOUBLE, 'x', true, DATE '2026-01-02', NULL::VARCHAR, 12.50::DECIMAL(8,2), TIMESTAMP '2026-01-02 03:04:05.678', [1, 2], {'a': 1}, MAP {'k': 'v'}, '\\xAB'::BLOB")) {
        result.next();
        same(List.of(1, 2L, 3.5, "x", true), List.of(result.getInt(1), result.getLong(2), result.getDouble(3), result.getString(4), result.getBoolean(5)));
        same("2026-01-02", result.getDate(6).toString());
        if (result.getString(7) != null) throw new AssertionError("NULL is " + result.getString(7));
        same(new BigDecimal("12.50"), result.getBigDecimal(8));
        same(Timestamp.valueOf("2026-01-02 03:04:05.678").toLocalDateTime(), result.getTimestamp(9).toLocalDateTime());
        same("[1,2]", result.getString(10));
        if (!result.getString(11).contains("1") || !result.getString(12).contains("v")) throw new AssertionError(result.getString(11) + result.getString(12));
        same(1, result.getBytes(13).length);
      }
      same(1_000_000, column(statement.executeQuery("SELECT range FROM range(1000000)"), 1).size());
      fails("DROP", () -> statement.executeQuery("DROP TABLE traces"));
      fails("nothing", () -> statement.executeQuery("SELECT * FROM nothing"));
      fails("line 1, column 8", () -> statement.executeQuery("SELECT nope FROM traces"));
    }
    try (PreparedStatement statement = connection.prepareStatement("SELECT count(*) FROM traces WHERE service_name = ?")) {
      for (String service : List.of("cart", "checkout")) {
        statement.setString(1, service);
        List<Object> count = column(statement.executeQuery(), 1);
        if (((Number) count.get(0)).longValue() <= 0) throw new AssertionError("no spans: " + count);
      }
    }
  }

  static void writes(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS by_jdbc");
      statement.execute("CREATE TABLE by_jdbc (id INTEGER NOT NULL, price DECIMAL(8,2), seen TIMESTAMP, born DATE, text VARCHAR, PRIMARY KEY (id))");
      same(List.of("id"), column(connection.getMetaData().getPrimaryKeys(null, null, "by_jdbc"), 4));
      same(1, statement.executeUpdate("INSERT INTO by_jdbc VALUES (0, 1.25, NULL, NULL, 'first')"));
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO by_jdbc VALUES (?, ?, ?, ?, ?)")) {
        for (int i = 1; i <= 100; i++) {
          insert.setInt(1, i);
          insert.setBigDecimal(2, new BigDecimal("2.50"));
          insert.setTimestamp(3, Timestamp.valueOf("2026-01-02 03:04:05.678"));
          insert.setDate(4, Date.valueOf("2026-01-02"));
          insert.setString(5, "text " + i);
          insert.addBatch();
        }
        same(100, insert.executeBatch()[0]);
      }
      same(List.of(101L), column(statement.executeQuery("SELECT count(*) FROM by_jdbc"), 1));
      same(List.of(100L), column(statement.executeQuery("SELECT count(*) FROM by_jdbc WHERE seen = TIMESTAMP '2026-01-02 03:04:05.678' AND born = DATE '2026-01-02' AND price = 2.5"), 1));
      fails("id", () -> statement.executeUpdate("INSERT INTO by_jdbc (text) VALUES ('no key')"));
      fails("by_jdbc", () -> statement.execute("CREATE TABLE by_jdbc (id INTEGER)"));
      statement.execute("DROP TABLE by_jdbc");
      fails("by_jdbc", () -> statement.executeQuery("SELECT * FROM by_jdbc"));
    }
  }

  static void cancellation(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      ResultSet endless = statement.executeQuery("SELECT range, md5(range::VARCHAR) FROM range(1000000000)");
      for (int i = 0; i < 10; i++) endless.next();
      statement.cancel();
      endless.close();
    }
    try (Statement statement = connection.createStatement()) {
      same(List.of(1), column(statement.executeQuery("SELECT 1::INT"), 1));
    }
  }

  static List<Object> column(ResultSet result, int index) throws SQLException {
    List<Object> values = new ArrayList<>();
    try (result) {
      while (result.next()) values.add(result.getObject(index));
    }
    return values;
  }

  interface Work {
    void run() throws SQLException;
  }

  static void fails(String text, Work work) {
    try {
      work.run();
    } catch (SQLException expected) {
      if (!String.valueOf(expected.getMessage()).contains(text)) throw new AssertionError("the error doesn’t say \"" + text + "\"", expected);
      return;
    }
    throw new AssertionError("no error");
  }

  static void same(Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }
}
