import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A running SignalDB by JDBC, as DBeaver uses it: SignaldbJdbcChecks PORT. Fails by an exception. */
public class SignaldbJdbcChecks {
  public static void main(String[] arguments) throws SQLException {
    String url = "jdbc:arrow-flight-sql://127.0.0.1:" + arguments[0] + "?useEncryption=false";
    try (Connection connection = DriverManager.getConnection(url)) {
      tree(connection);
      try (Statement statement = connection.createStatement()) {
        same(List.of("cart", "checkout"), column(statement.executeQuery("SELECT DISTINCT service_name FROM traces ORDER BY 1"), 1));
        try (ResultSet result = statement.executeQuery("SELECT 1::INT, 2::BIGINT, 3.5::DOUBLE, 'x', true, DATE '2026-01-02', NULL::VARCHAR")) {
          result.next();
          same(List.of(1, 2L, 3.5, "x", true), List.of(result.getInt(1), result.getLong(2), result.getDouble(3), result.getString(4), result.getBoolean(5)));
          same("2026-01-02", result.getDate(6).toString());
          if (result.getString(7) != null) throw new AssertionError("NULL is " + result.getString(7));
        }
        fails(() -> statement.executeQuery("DROP TABLE traces"));
        fails(() -> statement.executeQuery("SELECT * FROM nothing"));
      }
      try (PreparedStatement statement = connection.prepareStatement("SELECT count(*) FROM traces WHERE service_name = ?")) {
        statement.setString(1, "cart");
        List<Object> count = column(statement.executeQuery(), 1);
        if (((Number) count.get(0)).longValue() <= 0) throw new AssertionError("no spans: " + count);
      }
    }
    try (Connection other = DriverManager.getConnection(url + "&x-scope-orgid=other-tenant"); Statement statement = other.createStatement()) {
      same(List.of("secret"), column(statement.executeQuery("SELECT DISTINCT service_name FROM traces"), 1));
    }
    System.out.println("{\"jdbc\": \"ok\"}");
  }

  /** What DBeaver draws: catalogs, schemas, tables, columns. */
  static void tree(Connection connection) throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    same("SignalDB", data.getDatabaseProductName());
    same(List.of("signaldb"), column(data.getCatalogs(), 1));
    same(List.of("default"), column(data.getSchemas(), 1));
    List<Object> tables = column(data.getTables("signaldb", "default", "%", null), 3);
    if (!tables.contains("traces") || !tables.contains("logs")) throw new AssertionError(tables.toString());
    List<Object> columns = column(data.getColumns("signaldb", "default", "traces", "%"), 4);
    if (!columns.contains("trace_id") || !columns.contains("duration_ns")) throw new AssertionError(columns.toString());
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

  static void fails(Work work) {
    try {
      work.run();
    } catch (SQLException expected) {
      return;
    }
    throw new AssertionError("no error");
  }

  static void same(Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }
}
