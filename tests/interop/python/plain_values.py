"""Values as JSON that says exactly what is stored, as packages/flight/src/testing/plain-values.ts does."""
import pyarrow as pa
import pyarrow.types as t


def plain(array):
    """A list of the array's values; slices and chunks are understood."""
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in plain(chunk)]
    type_ = array.type
    if isinstance(type_, pa.BaseExtensionType):
        return plain(array.storage)
    if t.is_null(type_):
        return [None] * len(array)
    if t.is_union(type_):
        return union_values(array)
    if t.is_dictionary(type_):
        entries = plain(array.dictionary)
        return [None if index is None else entries[index] for index in array.indices.to_pylist()]
    if t.is_struct(type_):
        columns = members(array)
        return where_valid(array, [list(row) for row in zip(*columns)] if columns else [[] for _ in range(len(array))])
    if t.is_map(type_):
        return [None if not array[i].is_valid else [list(pair) for pair in zip(*members(array[i].values))] for i in range(len(array))]
    if t.is_list(type_) or t.is_large_list(type_) or t.is_fixed_size_list(type_):
        return [plain(array[i].values) if array[i].is_valid else None for i in range(len(array))]
    return leaf_values(array, type_)


def members(struct):
    return [plain(struct.field(i)) for i in range(struct.type.num_fields)]


def union_values(array):
    """From the buffers: the properties of a UnionArray take no heed of its offset."""
    def ints(type_, buffer):
        return pa.Array.from_buffers(type_, len(array), [None, array.buffers()[buffer]], offset=array.offset).to_pylist()

    codes = ints(pa.int8(), 1)
    places = ints(pa.int32(), 2) if array.type.mode == "dense" else range(len(array))
    children = {code: plain(array.field(i)) for i, code in enumerate(array.type.type_codes)}
    return [[str(code), children[code][place]] for code, place in zip(codes, places)]


def leaf_values(array, type_):
    if t.is_floating(type_):
        array = array.view({16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[type_.bit_width])
    elif t.is_temporal(type_) and not t.is_interval(type_):
        array = array.view(pa.int32() if type_.bit_width == 32 else pa.int64())
    return [None if value is None else leaf(value, type_) for value in array.to_pylist()]


def leaf(value, type_):
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if t.is_decimal(type_):
        sign, digits, exponent = value.as_tuple()
        unscaled = int("".join(map(str, digits))) * 10 ** (exponent + type_.scale)
        return str(-unscaled if sign else unscaled)
    if t.is_interval(type_):
        return [str(part) for part in value]
    return str(value)


def where_valid(array, values):
    return [value if valid else None for value, valid in zip(values, array.is_valid().to_pylist())]
