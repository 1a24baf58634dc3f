import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** SignalDB through JDBC: connect, write, ask with a parameter, stream, read metadata. */
public class Example {
  public static void main(String[] arguments) throws SQLException {
    // Connect.
    String host = System.getenv().getOrDefault("SIGNALDB_HOST", "127.0.0.1:8082");
    String token = System.getenv("SIGNALDB_TOKEN");
    String url = "jdbc:arrow-flight-sql://" + host + "?useEncryption=false" + (token == null ? "" : "&token=" + token);
    try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
      // Write: all rows of a batch, or none; when it returns, they are on disk.
      statement.execute("DROP TABLE IF EXISTS readings");
      statement.execute("CREATE TABLE readings (sensor VARCHAR, celsius DOUBLE)");
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO readings VALUES (?, ?)")) {
        String[] sensors = {"attic", "cellar", "attic", "garden", "cellar"};
        double[] celsius = {31.5, 12, 29, 20.5, 12.25};
        for (int i = 0; i < sensors.length; i++) {
          insert.setString(1, sensors[i]);
          insert.setDouble(2, celsius[i]);
          insert.addBatch();
        }
        System.out.println("wrote " + insert.executeBatch()[0] + " rows");
      }

      // Ask, with a parameter.
      try (PreparedStatement question = connection.prepareStatement("SELECT count(*), max(celsius) FROM readings WHERE sensor = ?")) {
        question.setString(1, "attic");
        try (ResultSet answer = question.executeQuery()) {
          answer.next();
          System.out.println("attic: " + answer.getLong(1) + " readings, at most " + answer.getDouble(2) + " °C");
        }
      }

      // Stream a large result: row by row, as fast as they are read.
      try (ResultSet large = statement.executeQuery("SELECT range AS id, sqrt(range) AS root FROM range(1000000)")) {
        long rows = 0;
        while (large.next()) rows++;
        System.out.println("streamed " + rows + " rows");
      }

      // Metadata.
      try (ResultSet columns = connection.getMetaData().getColumns(null, null, "readings", "%")) {
        while (columns.next()) System.out.println("readings." + columns.getString("COLUMN_NAME") + ": " + columns.getString("TYPE_NAME"));
      }
    }
  }
}
