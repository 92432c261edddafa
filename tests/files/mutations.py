"""Hypothesis strategies for files that are damaged, or that lie with a checksum that is right."""

import copy
import json
import struct

import numpy as np
from cases.model_files import parsed, samples
from hypothesis import strategies as st

from glassnet.files import bundle
from glassnet.files.header import KINDS
from glassnet.nn import LAYERS

CODES = {np.dtype(kind).str: name for name, kind in KINDS.items()}
SIZES = [0, -1, 1, 2, 3, 64, 2**31, 2**63, 10**12, 10**30, 10**400]
HOSTILE = [
    *SIZES, None, True, False, 0.5, -0.0, float("nan"), float("inf"), 1e308, "", "x", "dense", "B",
    "a.b", "a\nimport os", "__import__('os').system('true')", "²", "ﬁ", "for", "np", "x" * 5000,
    "\ud800", "os.system", [], {}, [[]], [0] * 300, {"list": []}, {"list": [1, 2]}, {"list": 5},
    {"dict": {}}, {"custom": "eval"}, {"custom": []}, {"settings": "L1", "strength": -1},
    {"settings": "MaxNorm", "limit": 1}, {"array": [1, 2], "dtype": "U99999999"},
    {"array": [[1], [2, 3]], "dtype": "float32"}, {"array": [1.5], "dtype": "float64"},
    {"layer": {"class": "PReLU"}}, {"layer": {"class": "Dense", "units": 2}}, {"layer": 3},
    {"class": "Dropout", "name": "d", "rate": 0.5}, {"class": "Flatten", "name": "f"},
    "softmax", "relu", "sigmoid", "zeros", "float64", "int64", "float32",
]  # fmt: skip
hostile = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from(sorted(LAYERS)),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-2, 12), max_size=6),
)


def places(value, here=()):
    """The path of every value in a tree."""
    yield here
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*here, key))


def at(value, place):
    for key in place:
        value = value[key]
    return value


@st.composite
def edited(draw, text):
    """The text with some of its values changed, dropped, doubled or exchanged."""
    whole = {"": copy.deepcopy(text)}
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 4]))):
        known = [p for p in places(whole) if p]
        place = known[draw(st.integers(0, len(known) - 1))]
        holder, key = at(whole, place[:-1]), place[-1]
        action = draw(st.sampled_from(["set", "set", "set", "copy", "drop", "add", "wrap"]))
        if action == "set":
            holder[key] = copy.deepcopy(draw(hostile))
        elif action == "copy":
            holder[key] = copy.deepcopy(at(whole, draw(st.sampled_from(known))))
        elif action == "wrap":
            holder[key] = draw(st.sampled_from([[holder[key]], {"list": [holder[key]]}]))
        elif action == "drop" and place != ("",):
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(draw(st.sampled_from([holder[key], *HOSTILE[:20]]))))
        else:
            holder[draw(st.sampled_from(["name", "class", "list", "units", "axis", "evil"]))] = 1
    return whole[""]


@st.composite
def other_arrays(draw, arrays):
    """Arrays of which some are gone, renamed, reshaped, of another kind, or not finite."""
    found = dict(arrays)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        if not found:
            break
        name = draw(st.sampled_from(sorted(found)))
        array = found[name]
        action = draw(st.sampled_from(["drop", "rename", "flat", "kind", "nan", "cut", "empty"]))
        if action in {"drop", "rename"}:
            del found[name]
        if action == "rename":
            found[draw(st.sampled_from(["", "dense", "dense.weight", "a.b.c", "x" * 999]))] = array
        elif action == "flat":
            found[name] = array.reshape(-1)
        elif action == "kind":
            found[name] = array.astype(draw(st.sampled_from(sorted(CODES))))
        elif action == "nan" and array.dtype.kind == "f":
            found[name] = np.full_like(array, np.nan)
        elif action == "cut" and array.ndim:
            found[name] = array[:1]
        elif action == "empty":
            found[name] = np.zeros((0, *array.shape), array.dtype)
    return found


def whole_file(arrays, text, change=lambda header: header):
    """A file whose checksum is right, written without any of the writer's checks."""
    header = {"__metadata__": {"glassnet": text, "sha256": bundle._digest(arrays, text)}}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": CODES[array.dtype.str], "shape": list(array.shape),
                        "data_offsets": [start, end]}  # fmt: skip
    written = change(json.dumps(header).encode())
    data = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays.values())
    return struct.pack("<Q", len(written)) + written + data


def bases(kind):
    return st.sampled_from(samples()[kind])


@st.composite
def lying_texts(draw, kind):
    """Text and arrays are not what they should be, the checksum is."""
    with np.errstate(all="ignore"):
        arrays, text = parsed(draw(bases(kind)))
        arrays, text = draw(other_arrays(arrays)), draw(edited(text))
        return whole_file(arrays, json.dumps(text))


@st.composite
def lying_headers(draw, kind):
    """The header says what is not so."""
    arrays, text = parsed(draw(bases(kind)))

    def change(header):
        return json.dumps(draw(edited(json.loads(header)))).encode()

    return whole_file(arrays, json.dumps(text), change)


@st.composite
def damaged_bytes(draw, kind):
    """Bits are flipped, stretches lost, doubled, or taken from another file."""
    data = bytearray(draw(bases(kind)))
    for _ in range(draw(st.integers(1, 4))):
        action = draw(
            st.sampled_from(["flip", "cut", "lose", "double", "splice", "insert", "zero"])
        )
        first = draw(st.integers(0, max(0, len(data) - 1)))
        stop = min(len(data), first + draw(st.integers(1, 64)))
        if action == "flip" and data:
            data[first] ^= 1 << draw(st.integers(0, 7))
        elif action == "cut":
            del data[first:]
        elif action == "lose":
            del data[first:stop]
        elif action == "double":
            data[first:first] = data[first:stop]
        elif action == "splice":
            data[first:] = draw(bases(draw(st.sampled_from(sorted(samples())))))[first:]
        elif action == "insert":
            data[first:first] = draw(st.binary(max_size=32))
        else:
            data[first:stop] = bytes(stop - first)
    return bytes(data)


@st.composite
def damaged_texts(draw, kind):
    """Letters of the text are changed, and the checksum is made right again."""
    arrays, text = parsed(draw(bases(kind)))
    letters = json.dumps(text)
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, len(letters)))
        stop = min(len(letters), first + draw(st.integers(0, 12)))
        given = draw(st.sampled_from(["", "9", "-", '"', ",", "[", "{", "}", "NaN", "1e999", "null",
                                      letters[stop:stop + 40], '"a": 1, "a": 2']))  # fmt: skip
        letters = letters[:first] + given + letters[stop:]
    return whole_file(arrays, letters)


WAYS = {
    "lying text": lying_texts, "lying header": lying_headers, "damaged bytes": damaged_bytes,
    "damaged text": damaged_texts,
}  # fmt: skip
