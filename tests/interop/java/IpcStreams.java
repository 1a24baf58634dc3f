import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.math.BigInteger;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.*;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.arrow.vector.complex.*;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.types.*;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes Arrow IPC streams of every type together with what they mean (`write [all]`, as JSON), or reads the streams of a JSON array
 * (`read FILE`) and prints what it understood. Values as in packages/flight/src/testing/plain-values.ts.
 */
public final class IpcStreams {
  static final BufferAllocator allocator = new RootAllocator();
  static final Random random = new Random(4);
  static final String[] words = {"", "a", "zé", "☃", "😀", "exactly12byt", "thirteenbytes", "longer than twelve bytes, and so on"};

  /** How many values of each `of` are null. */
  record Share(String name, int nulls, int of) {}

  static final Share[] shares = {new Share("no nulls", 0, 1), new Share("some nulls", 1, 3), new Share("all null", 1, 1)};

  /** How a stream is written. */
  record Form(String name, IpcOption option, CodecType codec) {
    CompressionCodec.Factory factory() {
      return codec == CodecType.NO_COMPRESSION ? NoCompressionCodec.Factory.INSTANCE : CommonsCompressionFactory.INSTANCE;
    }
  }

  static final Form[] forms = {
    new Form("", IpcOption.DEFAULT, CodecType.NO_COMPRESSION),
    new Form(", LZ4", IpcOption.DEFAULT, CodecType.LZ4_FRAME),
    new Form(", ZSTD", IpcOption.DEFAULT, CodecType.ZSTD),
    new Form(", V4 without continuation", new IpcOption(true, MetadataVersion.V4), CodecType.NO_COMPRESSION),
  };

  public static void main(String[] args) throws Exception {
    List<Object> result = args[0].equals("write") ? writeAll(args.length > 1) : readAll(new File(args[1]));
    System.out.println(new ObjectMapper().writeValueAsString(result));
  }

  // ---- what is written

  static List<Field> fields() {
    var fields = new ArrayList<Field>();
    var leaves = new ArrayList<ArrowType>();
    for (int width : new int[] {8, 16, 32, 64}) for (boolean signed : new boolean[] {true, false}) leaves.add(new ArrowType.Int(width, signed));
    for (var precision : FloatingPointPrecision.values()) leaves.add(new ArrowType.FloatingPoint(precision));
    for (var unit : TimeUnit.values()) {
      leaves.add(new ArrowType.Timestamp(unit, null));
      leaves.add(new ArrowType.Timestamp(unit, "Europe/Berlin"));
      leaves.add(new ArrowType.Duration(unit));
      leaves.add(new ArrowType.Time(unit, unit.ordinal() < 2 ? 32 : 64));
    }
    for (var unit : IntervalUnit.values()) leaves.add(new ArrowType.Interval(unit));
    for (var unit : DateUnit.values()) leaves.add(new ArrowType.Date(unit));
    leaves.addAll(List.of(
        new ArrowType.Null(), new ArrowType.Bool(), new ArrowType.Utf8(), new ArrowType.LargeUtf8(), new ArrowType.Utf8View(),
        new ArrowType.Binary(), new ArrowType.LargeBinary(), new ArrowType.BinaryView(), new ArrowType.FixedSizeBinary(5),
        new ArrowType.Decimal(38, 2, 128), new ArrowType.Decimal(76, 2, 256)));
    for (var leaf : leaves) fields.add(field("c", leaf));
    var number = field("item", new ArrowType.Int(32, true));
    var text = field("item", new ArrowType.Utf8());
    fields.add(field("c", new ArrowType.List(), text));
    fields.add(field("c", new ArrowType.LargeList(), number));
    fields.add(field("c", new ArrowType.FixedSizeList(3), number));
    fields.add(field("c", new ArrowType.List(), field("item", new ArrowType.List(), number)));
    fields.add(field("c", new ArrowType.Struct(), field("x", new ArrowType.Int(64, true)), field("y", new ArrowType.List(), text)));
    var key = new Field("key", new FieldType(false, new ArrowType.Utf8(), null), null);
    var entries = new Field("entries", new FieldType(false, new ArrowType.Struct(), null), List.of(key, field("value", new ArrowType.Int(32, true))));
    fields.add(field("c", new ArrowType.Map(false), entries));
    fields.add(field("c", new ArrowType.ListView(), number));
    return fields;
  }

  static Field field(String name, ArrowType type, Field... children) {
    return new Field(name, FieldType.nullable(type), List.of(children));
  }

  static List<Object> writeAll(boolean every) throws Exception {
    var streams = new ArrayList<Object>();
    int turn = 0;
    for (var field : fields()) {
      for (var share : shares) {
        for (int f = 0; f < forms.length; f++) {
          if (!every && f != turn % forms.length) continue;
          try (var vector = field.createVector(allocator)) {
            fill(vector, 13, share);
            String refused = field.getType() instanceof ArrowType.ListView ? "type list view" : null;
            streams.add(write(field.getType() + ", " + share.name + forms[f].name, vector, new MapDictionaryProvider(), forms[f], refused));
          }
        }
        turn++;
      }
    }
    for (var form : forms) {
      try (var union = sparseUnion()) {
        if (form.option.metadataVersion == MetadataVersion.V5) streams.add(write("sparse union" + form.name, union, new MapDictionaryProvider(), form, null));
      }
      try (var union = denseUnion()) {
        if (form.option.metadataVersion == MetadataVersion.V5) streams.add(write("dense union" + form.name, union, new MapDictionaryProvider(), form, null));
      }
      for (int width : new int[] {8, 16, 32}) streams.add(dictionary(width, form));
    }
    return streams;
  }

  static UnionVector sparseUnion() {
    var union = UnionVector.empty("c", allocator);
    for (int i = 0; i < 13; i++) {
      union.setType(i, i % 3 == 0 ? Types.MinorType.INT : Types.MinorType.VARCHAR);
      if (i % 3 == 0) union.getIntVector().setSafe(i, random.nextInt());
      else union.getVarCharVector().setSafe(i, word());
    }
    union.setValueCount(13);
    return union;
  }

  static DenseUnionVector denseUnion() {
    var union = DenseUnionVector.empty("c", allocator);
    byte numbers = union.registerNewTypeId(field("i", new ArrowType.Int(32, true)));
    byte texts = union.registerNewTypeId(field("s", new ArrowType.Utf8()));
    union.addVector(numbers, new IntVector("i", allocator));
    union.addVector(texts, new VarCharVector("s", allocator));
    union.allocateNew();
    int[] next = new int[2];
    for (int i = 0; i < 13; i++) {
      boolean number = i % 3 == 0;
      union.setTypeId(i, number ? numbers : texts);
      int at = next[number ? 0 : 1]++;
      union.getOffsetBuffer().setInt(4L * i, at);
      if (number) ((IntVector) union.getVectorByType(numbers)).setSafe(at, random.nextInt());
      else ((VarCharVector) union.getVectorByType(texts)).setSafe(at, word());
    }
    union.setValueCount(13);
    union.getVectorByType(numbers).setValueCount(next[0]);
    union.getVectorByType(texts).setValueCount(next[1]);
    return union;
  }

  static Object dictionary(int width, Form form) throws Exception {
    var values = new VarCharVector("values", allocator);
    for (int i = 0; i < words.length; i++) values.setSafe(i, words[i].getBytes(StandardCharsets.UTF_8));
    values.setValueCount(words.length);
    var dictionary = new Dictionary(values, new DictionaryEncoding(7, false, new ArrowType.Int(width, true)));
    try (var plain = new VarCharVector("c", allocator)) {
      fill(plain, 13, shares[1]);
      try (var encoded = (FieldVector) DictionaryEncoder.encode(plain, dictionary)) {
        return write("dictionary of int" + width + form.name, encoded, new MapDictionaryProvider(dictionary), form, null);
      }
    }
  }

  /** The vector as a whole, its middle as a slice, nothing, and the whole again. */
  static Object write(String name, FieldVector vector, DictionaryProvider provider, Form form, String refused) throws Exception {
    var values = new ArrayList<Object>();
    var bytes = new ByteArrayOutputStream();
    var root = VectorSchemaRoot.of(vector);
    boolean simple = refused == null && !(vector instanceof UnionVector) && !(vector instanceof DenseUnionVector);
    try (var writer = new ArrowStreamWriter(
        root, provider, Channels.newChannel(bytes), form.option, form.factory(), form.codec, Optional.empty())) {
      writer.start();
      root.setRowCount(vector.getValueCount());
      writer.writeBatch();
      if (refused == null) for (int i = 0; i < vector.getValueCount(); i++) values.add(plain(vector, i, provider));
      if (simple) {
        var whole = vector.getTransferPair(allocator);
        whole.splitAndTransfer(0, vector.getValueCount());
        try (var copy = (FieldVector) whole.getTo()) {
          for (int[] slice : new int[][] {{3, 8}, {5, 0}}) {
            var pair = copy.getTransferPair(vector.getField(), allocator);
            pair.splitAndTransfer(slice[0], slice[1]);
            try (var part = (FieldVector) pair.getTo()) {
              var into = part.makeTransferPair(vector);
              into.transfer();
              root.setRowCount(slice[1]);
              writer.writeBatch();
              for (int i = 0; i < slice[1]; i++) values.add(plain(vector, i, provider));
            }
          }
        }
      }
      writer.end();
    }
    var stream = new LinkedHashMap<String, Object>();
    stream.put("name", name);
    stream.put("stream", Base64.getEncoder().encodeToString(bytes.toByteArray()));
    if (refused == null) stream.put("columns", List.of(values));
    else stream.put("refused", refused);
    return stream;
  }

  static byte[] word() {
    return words[random.nextInt(words.length)].getBytes(StandardCharsets.UTF_8);
  }

  static void fill(FieldVector vector, int count, Share share) {
    vector.allocateNew();
    if (vector instanceof BaseFixedWidthVector fixed) fixed.allocateNew(Math.max(count, 1));
    for (int i = 0; i < count; i++) {
      if (random.nextInt(share.of) < share.nulls) vector.setNull(i);
      else fillOne(vector, i, share);
    }
    if (vector instanceof StructVector struct) for (var child : struct.getChildrenFromFields()) fill(child, count, share);
    if (vector instanceof FixedSizeListVector list) fill(list.getDataVector(), count * list.getListSize(), share);
    vector.setValueCount(count);
  }

  static void fillOne(FieldVector vector, int i, Share share) {
    if (vector instanceof BitVector bits) bits.setSafe(i, random.nextInt(2));
    else if (vector instanceof BaseFixedWidthVector fixed) {
      int width = fixed.getTypeWidth();
      byte[] bytes = new byte[width];
      random.nextBytes(bytes);
      if (vector instanceof DecimalVector || vector instanceof Decimal256Vector) {
        for (int at = 8; at < width; at++) bytes[at] = (byte) (bytes[7] >> 7);
      }
      fixed.getDataBuffer().setBytes((long) i * width, bytes);
      BitVectorHelper.setBit(fixed.getValidityBuffer(), i);
    } else if (vector instanceof BaseVariableWidthVector text) text.setSafe(i, word());
    else if (vector instanceof BaseLargeVariableWidthVector text) text.setSafe(i, word());
    else if (vector instanceof BaseVariableWidthViewVector text) text.setSafe(i, word());
    else if (vector instanceof ListVector list) {
      int start = list.startNewValue(i);
      int count = random.nextInt(4);
      append(list.getDataVector(), start, count, share);
      list.endValue(i, count);
    } else if (vector instanceof LargeListVector list) {
      long start = list.startNewValue(i);
      append(list.getDataVector(), (int) start, 2, share);
      list.endValue(i, 2);
    } else if (vector instanceof ListViewVector list) {
      int start = list.startNewValue(i);
      append(list.getDataVector(), start, 2, share);
      list.endValue(i, 2);
    } else if (vector instanceof FixedSizeListVector list) list.setNotNull(i);
    else if (vector instanceof StructVector struct) struct.setIndexDefined(i);
    else if (!(vector instanceof NullVector)) throw new IllegalArgumentException("no value for " + vector.getClass());
  }

  static void append(FieldVector vector, int start, int count, Share share) {
    if (start == 0 && vector.getValueCapacity() == 0) vector.allocateNew();
    boolean entries = vector instanceof StructVector && !vector.getField().isNullable();
    for (int i = start; i < start + count; i++) {
      while (vector.getValueCapacity() <= i) vector.reAlloc();
      if (entries) {
        ((StructVector) vector).setIndexDefined(i);
        var children = vector.getChildrenFromFields();
        append(children.get(0), i, 1, shares[0]);
        append(children.get(1), i, 1, share);
      } else if (random.nextInt(share.of) < share.nulls) vector.setNull(i);
      else fillOne(vector, i, share);
    }
    vector.setValueCount(start + count);
  }

  // ---- what is read

  static List<Object> readAll(File file) throws Exception {
    var results = new ArrayList<Object>();
    for (String stream : new ObjectMapper().readValue(file, String[].class)) {
      Map<String, Object> result = new LinkedHashMap<>();
      try {
        read(Base64.getDecoder().decode(stream), result);
      } catch (Exception | LinkageError | AssertionError error) {
        result.put("error", error.toString());
      }
      results.add(result);
    }
    return results;
  }

  static void read(byte[] stream, Map<String, Object> result) throws Exception {
    try (var reader = new ArrowStreamReader(new ByteArrayInputStream(stream), allocator, CommonsCompressionFactory.INSTANCE)) {
      var root = reader.getVectorSchemaRoot();
      var columns = new ArrayList<List<Object>>();
      for (int i = 0; i < root.getSchema().getFields().size(); i++) columns.add(new ArrayList<>());
      result.put("columns", columns);
      result.put("metadata", root.getSchema().getCustomMetadata());
      while (reader.loadNextBatch()) {
        for (int column = 0; column < columns.size(); column++) {
          var vector = root.getVector(column);
          for (int i = 0; i < root.getRowCount(); i++) columns.get(column).add(plain(vector, i, reader));
        }
      }
    }
  }

  static Object plain(FieldVector vector, int i, DictionaryProvider dictionaries) {
    if (vector instanceof NullVector) return null;
    if (vector instanceof UnionVector union) {
      byte id = (byte) union.getTypeValue(i);
      return list(String.valueOf(id), plain((FieldVector) union.getVector(i), i, dictionaries));
    }
    if (vector instanceof DenseUnionVector union) {
      byte id = union.getTypeId(i);
      return list(String.valueOf(id), plain((FieldVector) union.getVectorByType(id), union.getOffset(i), dictionaries));
    }
    if (vector.isNull(i)) return null;
    var encoding = vector.getField().getDictionary();
    if (encoding != null) {
      var values = dictionaries.lookup(encoding.getId()).getVector();
      return plain(values, (int) ((BaseIntVector) vector).getValueAsLong(i), dictionaries);
    }
    if (vector instanceof BitVector bits) return bits.get(i) == 1;
    if (vector instanceof BaseFixedWidthVector fixed) return fixedValue(fixed, i);
    if (vector instanceof BaseVariableWidthVector text) return bytes(text.get(i), vector);
    if (vector instanceof VariableWidthFieldVector text) return bytes(text.get(i), vector);
    if (vector instanceof StructVector struct) {
      var members = new ArrayList<Object>();
      for (var child : struct.getChildrenFromFields()) members.add(plain(child, i, dictionaries));
      return members;
    }
    var items = new ArrayList<Object>();
    FieldVector values = vector.getChildrenFromFields().get(0);
    long begin;
    long end;
    if (vector instanceof ListVector list) {
      begin = list.getElementStartIndex(i);
      end = list.getElementEndIndex(i);
    } else if (vector instanceof LargeListVector list) {
      begin = list.getElementStartIndex(i);
      end = list.getElementEndIndex(i);
    } else {
      begin = ((FixedSizeListVector) vector).getElementStartIndex(i);
      end = ((FixedSizeListVector) vector).getElementEndIndex(i);
    }
    for (long at = begin; at < end; at++) {
      if (vector instanceof MapVector) {
        var pair = values.getChildrenFromFields();
        items.add(list(plain(pair.get(0), (int) at, dictionaries), plain(pair.get(1), (int) at, dictionaries)));
      } else items.add(plain(values, (int) at, dictionaries));
    }
    return items;
  }

  static List<Object> list(Object... items) {
    return java.util.Arrays.asList(items);
  }

  static Object bytes(byte[] bytes, FieldVector vector) {
    boolean text = vector.getField().getType() instanceof ArrowType.Utf8
        || vector.getField().getType() instanceof ArrowType.LargeUtf8
        || vector.getField().getType() instanceof ArrowType.Utf8View;
    return text ? new String(bytes, StandardCharsets.UTF_8) : HexFormat.of().formatHex(bytes);
  }

  static Object fixedValue(BaseFixedWidthVector vector, int i) {
    int width = vector.getTypeWidth();
    ArrowBuf data = vector.getDataBuffer();
    byte[] bytes = new byte[width];
    data.getBytes((long) i * width, bytes);
    var type = vector.getField().getType();
    if (type instanceof ArrowType.FixedSizeBinary) return HexFormat.of().formatHex(bytes);
    if (type instanceof ArrowType.Interval interval) {
      var parts = new ArrayList<Object>();
      parts.add(String.valueOf(data.getInt((long) i * width)));
      if (width > 4) parts.add(String.valueOf(data.getInt((long) i * width + 4)));
      if (width > 8) parts.add(String.valueOf(data.getLong((long) i * width + 8)));
      return parts;
    }
    boolean unsigned = type instanceof ArrowType.FloatingPoint || type instanceof ArrowType.Int number && !number.getIsSigned();
    for (int a = 0, b = width - 1; a < b; a++, b--) {
      byte swapped = bytes[a];
      bytes[a] = bytes[b];
      bytes[b] = swapped;
    }
    return (unsigned ? new BigInteger(1, bytes) : new BigInteger(bytes)).toString();
  }
}
