import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The Flight SQL JDBC driver against the toy database: JdbcChecks PORT read-only|writable. Fails by an exception. */
public class JdbcChecks {
  static Connection connection;

  public static void main(String[] arguments) throws Exception {
    String url = "jdbc:arrow-flight-sql://127.0.0.1:" + arguments[0] + "?useEncryption=false";
    boolean writable = arguments[1].equals("writable");
    try (Connection opened = DriverManager.getConnection(url)) {
      connection = opened;
      queries();
      parameters();
      metadata();
      getters();
      writing(writable);
      cancellation();
    }
    withCatalog(url + "&catalog=toys");
    System.out.println("{\"jdbc\": \"ok\"}");
  }

  /** With a catalog the driver sets a session option while it connects. (It also ends its session twice, the second time in vain.) */
  static void withCatalog(String url) throws SQLException {
    Connection opened = DriverManager.getConnection(url);
    try (Statement statement = opened.createStatement()) {
      same("[[0]]", rows(statement.executeQuery("COUNT 1"), 1));
    }
    try {
      opened.close();
    } catch (SQLException error) {
      if (!error.getMessage().contains("Channel shutdown invoked")) throw error;
    }
    fails("", () -> DriverManager.getConnection(url.replace("catalog=toys", "catalog=nothing")));
  }

  static void queries() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      same("[[1, Ada, 1.5], [2, Grace, null], [3, null, -2.0]]", rows(statement.executeQuery("SELECT * FROM people"), 3));
      try (ResultSet result = statement.executeQuery("SELECT * FROM people")) {
        result.next();
        result.next();
        same("2023-11-14T22:13:20Z", result.getTimestamp("seen", java.util.Calendar.getInstance(java.util.TimeZone.getTimeZone("UTC"))).toInstant().toString());
        same("id name score seen", String.join(" ", names(result)));
      }
      long count = 0;
      try (ResultSet result = statement.executeQuery("COUNT 250000")) {
        while (result.next()) if (result.getLong(1) == count) count++;
      }
      same("250000", String.valueOf(count));
      fails("means nothing", () -> statement.executeQuery("nonsense"));
      fails("failed as asked: NOT_FOUND", () -> statement.executeQuery("FAIL NOT_FOUND"));
      same("[[0]]", rows(statement.executeQuery("COUNT 1"), 1));
    }
  }

  static void parameters() throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("ECHO ?")) {
      same("1", String.valueOf(statement.getParameterMetaData().getParameterCount()));
      for (String value : new String[] {"a", "ü☃", ""}) {
        statement.setString(1, value);
        same("[[" + value + "]]", rows(statement.executeQuery(), 1));
      }
    }
  }

  static void metadata() throws SQLException {
    DatabaseMetaData data = connection.getMetaData();
    same("[[attic], [toys]]", rows(data.getCatalogs(), 1));
    same("[[main, attic], [box_1, toys], [main, toys]]", rows(data.getSchemas(), 2));
    same("[[box_1, toys]]", rows(data.getSchemas("toys", "box%"), 2));
    same("[[toys, main, numbers], [toys, main, people]]", rows(data.getTables("toys", "main", "%", null), 3));
    same("[[toys, main, numbers]]", rows(data.getTables("toys", "main", null, new String[] {"VIEW"}), 3));
    same("[[TABLE], [VIEW]]", rows(data.getTableTypes(), 1));
    List<String> columns = new ArrayList<>();
    try (ResultSet result = data.getColumns("toys", "main", "people", "%")) {
      while (result.next()) {
        columns.add(result.getString("COLUMN_NAME") + " " + result.getInt("DATA_TYPE") + " " + result.getInt("NULLABLE") + " " + result.getInt("ORDINAL_POSITION"));
      }
    }
    same("[id -5 0 1, name 12 1 2, score 8 1 3, seen 93 1 4]", columns.toString());
    same("[[toys, main, people, id]]", rows(data.getPrimaryKeys("toys", "main", "people"), 4));
    same("[]", rows(data.getImportedKeys("toys", "main", "people"), 4));
    same("[]", rows(data.getExportedKeys("toys", "main", "people"), 4));
    same("[]", rows(data.getCrossReference("toys", "main", "people", "toys", "main", "people"), 4));
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
    if (asked < 130) throw new AssertionError(asked + " getters");
  }

  static void writing(boolean writable) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!writable) {
        fails("only queries can be run here", () -> statement.executeUpdate("TOUCH 7"));
        return;
      }
      same("7", String.valueOf(statement.executeUpdate("TOUCH 7")));
    }
    try (PreparedStatement statement = connection.prepareStatement("SET ?")) {
      for (long value : new long[] {1, 2}) {
        statement.setLong(1, value);
        statement.addBatch();
      }
      int total = 0;
      for (int count : statement.executeBatch()) total += count;
      same("2", String.valueOf(total));
    }
  }

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
      fails("", () -> {
        ResultSet result = statement.executeQuery("SLEEP");
        result.next();
      });
      canceller.join();
    }
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

  static void fails(String text, Work work) {
    try {
      work.run();
    } catch (SQLException error) {
      StringBuilder messages = new StringBuilder();
      for (Throwable cause = error; cause != null; cause = cause.getCause()) messages.append(cause.getMessage()).append('\n');
      if (!messages.toString().contains(text)) throw new AssertionError("not \"" + text + "\"", error);
      return;
    }
    throw new AssertionError("no error: " + text);
  }

  static void same(String expected, String found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }
}
