import java.io.File;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.*;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SessionCatalog;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.*;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.*;
import org.apache.iceberg.rest.HTTPClient;
import org.apache.iceberg.rest.RESTSessionCatalog;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;

/** Iceberg's own library as a client of the REST catalog: `own`, `read TABLE HOUR`, or `append TABLE COMMITS`. */
public class IcebergChecks {
  static final long HOUR_US = 3_600_000_000L;

  /** Files of this machine, without Hadoop. */
  public static class LocalFileIO implements FileIO {
    static File file(String path) {
      return new File(path.replaceFirst("^file://", ""));
    }

    /** With the location that it was asked for: names in manifests stay URIs. */
    public InputFile newInputFile(String path) {
      InputFile local = Files.localInput(file(path));
      return new InputFile() {
        public long getLength() {
          return local.getLength();
        }

        public SeekableInputStream newStream() {
          return local.newStream();
        }

        public String location() {
          return path;
        }

        public boolean exists() {
          return local.exists();
        }
      };
    }

    public OutputFile newOutputFile(String path) {
      file(path).getParentFile().mkdirs();
      OutputFile local = Files.localOutput(file(path));
      return new OutputFile() {
        public PositionOutputStream create() {
          return local.create();
        }

        public PositionOutputStream createOrOverwrite() {
          return local.createOrOverwrite();
        }

        public String location() {
          return path;
        }

        public InputFile toInputFile() {
          return newInputFile(path);
        }
      };
    }

    public void deleteFile(String path) {
      file(path).delete();
    }
  }

  public static void main(String[] args) throws Exception {
    RESTSessionCatalog session = new RESTSessionCatalog(
        config -> HTTPClient.builder(config).uri(config.get("uri")).build(), (context, config) -> new LocalFileIO());
    session.initialize("signaldb", Map.of("uri", args[0]));
    Catalog catalog = session.asCatalog(SessionCatalog.SessionContext.createEmpty());
    switch (args[1]) {
      case "own" -> own(catalog);
      case "read" -> read(catalog, args[2], Integer.parseInt(args[3]));
      case "append" -> append(catalog, args[2], Integer.parseInt(args[3]));
      default -> throw new IllegalArgumentException(args[1]);
    }
    session.close();
  }

  static DataFile dataFile(Table table, String name, int hour, long rows) {
    Types.NestedField time = table.schema().findField("start_time");
    ByteBuffer low = Conversions.toByteBuffer(time.type(), (long) hour * 1000);
    ByteBuffer high = Conversions.toByteBuffer(time.type(), (long) hour * 1000 + rows - 1);
    Metrics metrics = new Metrics(rows, Map.of(time.fieldId(), 8 * rows), Map.of(time.fieldId(), rows),
        Map.of(time.fieldId(), 0L), null, Map.of(time.fieldId(), low), Map.of(time.fieldId(), high));
    PartitionData partition = new PartitionData(table.spec().partitionType());
    partition.set(0, hour);
    return DataFiles.builder(table.spec()).withPath(table.location() + "/data/" + name + ".parquet")
        .withFormat(FileFormat.PARQUET).withFileSizeInBytes(1000).withPartition(partition).withMetrics(metrics).build();
  }

  static void own(Catalog catalog) {
    SupportsNamespaces namespaces = (SupportsNamespaces) catalog;
    Namespace namespace = Namespace.of("java");
    namespaces.createNamespace(namespace, new HashMap<>(Map.of("owner", "java")));
    refused(AlreadyExistsException.class, () -> namespaces.createNamespace(namespace));
    check(namespaces.listNamespaces().contains(namespace), "the namespace is listed");
    check(namespaces.loadNamespaceMetadata(namespace).get("owner").equals("java"), "its property is there");
    check(namespaces.setProperties(namespace, new HashMap<>(Map.of("x", "1"))), "a property is set");
    namespaces.removeProperties(namespace, new HashSet<>(Set.of("x")));
    check(!namespaces.loadNamespaceMetadata(namespace).containsKey("x"), "and removed");
    refused(NoSuchTableException.class, () -> catalog.loadTable(TableIdentifier.of("java", "none")));
    refused(NoSuchNamespaceException.class, () -> catalog.listTables(Namespace.of("none")));

    Schema schema = new Schema(
        Types.NestedField.optional(1, "hour", Types.TimestampType.withZone()),
        Types.NestedField.required(2, "trace_id", Types.StringType.get()),
        Types.NestedField.required(3, "start_time", Types.LongType.get()),
        Types.NestedField.optional(4, "events", Types.ListType.ofOptional(5, Types.StructType.of(
            Types.NestedField.optional(6, "name", Types.StringType.get())))));
    PartitionSpec spec = PartitionSpec.builderFor(schema).hour("hour", "time_hour").build();
    SortOrder order = SortOrder.builderFor(schema).asc("trace_id").build();
    TableIdentifier id = TableIdentifier.of("java", "events");
    Table table = catalog.buildTable(id, schema).withPartitionSpec(spec).withSortOrder(order)
        .withProperty("commit.manifest.min-count-to-merge", "3").create();
    refused(AlreadyExistsException.class, () -> catalog.createTable(id, schema));
    refused(NamespaceNotEmptyException.class, () -> namespaces.dropNamespace(namespace));

    for (int i = 0; i < 8; i++) table.newAppend().appendFile(dataFile(table, "f" + i, 490_000 + i, 10)).commit();
    table.newFastAppend().appendFile(dataFile(table, "fast", 490_020, 7)).commit();
    table.updateSchema().addColumn("extra", Types.DoubleType.get()).renameColumn("trace_id", "id").commit();
    table.updateProperties().set("a", "1").set("b", "2").commit();
    table.updateProperties().remove("a").commit();
    table.newDelete().deleteFile(dataFile(table, "f0", 490_000, 10)).commit();
    table.newOverwrite().deleteFile(dataFile(table, "f1", 490_001, 10)).addFile(dataFile(table, "g1", 490_001, 9)).commit();
    table.newRewrite().deleteFile(dataFile(table, "f2", 490_002, 10)).addFile(dataFile(table, "g2", 490_002, 10)).commit();
    table.replaceSortOrder().asc("start_time").commit();
    table.updateSpec().addField(Expressions.bucket("id", 4)).commit();
    table.manageSnapshots().createTag("v1", table.currentSnapshot().snapshotId()).commit();
    table.manageSnapshots().createBranch("dev").commit();
    table.newAppend().appendFile(dataFile(table, "dev", 490_030, 5)).toBranch("dev").commit();
    table.rewriteManifests().clusterBy(file -> 0).commit();
    table.expireSnapshots().expireOlderThan(System.currentTimeMillis() + 1000).retainLast(2).cleanExpiredFiles(true).commit();
    table.refresh();
    check(table.properties().get("b").equals("2") && !table.properties().containsKey("a"), "properties are as set");

    Table deleted = catalog.buildTable(TableIdentifier.of("java", "deleted"), schema).withPartitionSpec(spec).create();
    DataFile data = dataFile(deleted, "d", 490_000, 10);
    deleted.newAppend().appendFile(data).commit();
    deleted.newRowDelta().addDeletes(FileMetadata.deleteFileBuilder(spec).ofEqualityDeletes(3)
        .withPath(deleted.location() + "/data/eq.parquet").withFormat(FileFormat.PARQUET).withFileSizeInBytes(10)
        .withPartition(data.partition()).withRecordCount(1).build()).commit();

    Transaction staged = catalog.buildTable(TableIdentifier.of("java", "staged"), schema).withPartitionSpec(spec).createTransaction();
    staged.newAppend().appendFile(dataFile(staged.table(), "s", 490_000, 4)).commit();
    staged.commitTransaction();
    catalog.renameTable(TableIdentifier.of("java", "staged"), TableIdentifier.of("java", "renamed"));
    check(!catalog.tableExists(TableIdentifier.of("java", "staged")), "the old name is gone");
    Table renamed = catalog.loadTable(TableIdentifier.of("java", "renamed"));
    check(rows(renamed.newScan()) == 4, "rows of a renamed table");
    String location = ((HasTableOperations) renamed).operations().current().metadataFileLocation();
    catalog.dropTable(TableIdentifier.of("java", "renamed"), false);
    check(rows(catalog.registerTable(TableIdentifier.of("java", "again"), location).newScan()) == 4, "rows of a registered table");
    check(catalog.dropTable(TableIdentifier.of("java", "again"), true), "a table is purged");
    check(catalog.listTables(namespace).size() == 2, "two tables are left");

    long early = rows(table.newScan().filter(Expressions.lessThan("start_time", 490_004_000L)));
    print("rows", rows(table.newScan()), "files", files(table.newScan()), "early", early);
  }

  static void read(Catalog catalog, String name, int hour) {
    Table table = catalog.loadTable(TableIdentifier.of("default", name));
    Expression inHour = Expressions.equal("hour", (Object) (hour * HOUR_US));
    print("rows", rows(table.newScan()), "files", files(table.newScan()), "hour_rows", rows(table.newScan().filter(inHour)),
        "hour_files", files(table.newScan().filter(inHour)), "columns", table.schema().columns().size());
  }

  static void append(Catalog catalog, String name, int commits) {
    Table table = catalog.loadTable(TableIdentifier.of("default", name));
    table.updateProperties().set("commit.retry.num-retries", "100").set("commit.retry.min-wait-ms", "10").set("commit.retry.max-wait-ms", "100").commit();
    for (int i = 0; i < commits; i++) table.newAppend().appendFile(dataFile(table, "java-" + i, 490_000, 10)).commit();
    print("rows", commits * 10L);
  }

  static long rows(TableScan scan) {
    long rows = 0;
    for (FileScanTask task : scan.planFiles()) rows += task.file().recordCount();
    return rows;
  }

  static long files(TableScan scan) {
    long files = 0;
    for (FileScanTask ignored : scan.planFiles()) files++;
    return files;
  }

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError("does not hold: " + what);
  }

  static void refused(Class<? extends Exception> type, Runnable act) {
    try {
      act.run();
    } catch (Exception error) {
      if (type.isInstance(error)) return;
      throw error;
    }
    throw new AssertionError("should have thrown " + type.getSimpleName());
  }

  static void print(Object... facts) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < facts.length; i += 2) json.append(i > 0 ? ", " : "").append('"').append(facts[i]).append("\": ").append(facts[i + 1]);
    System.out.println(json.append("}"));
  }
}
