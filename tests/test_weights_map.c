// test_weights_map.c: maps from others' tensors to ours, and others' types of values.
#include "exchange/weights_map.h"

#include "foreign_weights.h"
#include "nn/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static SdqnWeightsMap *parse(const char *text) {
    SdqnWeightsMap *map = NULL;
    SdqnError error = {0};
    if (sdqn_weights_map_parse("m.yaml", text, strlen(text), &map, &error) != SDQN_OK) fail_msg("%s", error.message);
    return map;
}

static const float matrix[6] = {1, 2, 3, 4, 5, 6};
static const float other[2] = {7, -8};
static const SdqnTensor theirs[] = {
    {.name = "net.0.kernel", .rank = 2, .shape = {2, 3}, .data = matrix},
    {.name = "net.0.bias", .rank = 1, .shape = {2}, .data = other},
    {.name = "step", .rank = 0, .data = NULL},
    {.name = "target.0.bias", .rank = 1, .shape = {2}, .data = other},
};
enum { NUM_THEIRS = sizeof theirs / sizeof *theirs };

static void tensors_are_renamed_and_transposed(void **state) {
    (void)state;
    static const float transposed[6] = {1, 4, 2, 5, 3, 6};
    SdqnWeightsMap *map = parse("# a comment\ntensors:\n  fc1.weight: {from: net.0.kernel, transpose: true}\n"
                                "  fc1.bias: {from: net.0.bias, transpose: false}\nignore: [target.*, step]\n");
    SdqnMappedWeights mapped;
    SdqnError error = {0};
    if (sdqn_weights_map_apply(map, "f", theirs, NUM_THEIRS, &mapped, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(mapped.count, 2);
    assert_string_equal(mapped.tensors[0].name, "fc1.weight");
    assert_int_equal(mapped.tensors[0].shape[0], 3);
    assert_int_equal(mapped.tensors[0].shape[1], 2);
    assert_memory_equal(mapped.tensors[0].data, transposed, sizeof transposed);
    assert_string_equal(mapped.tensors[1].name, "fc1.bias");
    assert_memory_equal(mapped.tensors[1].data, other, sizeof other);
    sdqn_mapped_weights_clear(&mapped);
    sdqn_weights_map_destroy(map);
}

static void every_tensor_must_have_its_place(void **state) {
    (void)state;
    static const float infinite[2] = {1, INFINITY};
    static const SdqnTensor sick = {.name = "net.0.bias", .rank = 1, .shape = {2}, .data = infinite};
    static const struct {
        const char *map;
        const SdqnTensor *tensors;
        int count;
        const char *message;
    } cases[] = {
        {"tensors: {b: net.0.bias}\nignore: [target.*, step]", theirs, NUM_THEIRS,
         "f: tensor net.0.kernel: is not in m.yaml: take it under tensors, or name it under ignore"},
        {"tensors: {b: net.0.bais}\nignore: [step, '*']", theirs, NUM_THEIRS,
         "f: tensor net.0.bais: missing, but line 1 of m.yaml takes it for b; did you mean net.0.bias?"},
        {"tensors: {b: step}\nignore: ['*']", theirs, NUM_THEIRS, "f: tensor step: its type is not F32, F64, F16 or BF16"},
        {"tensors: {b: {from: net.0.bias, transpose: true}}\nignore: ['*']", theirs, NUM_THEIRS,
         "f: tensor net.0.bias: has 1 dimensions, only two can be transposed"},
        {"tensors: {b: net.0.bias}", &sick, 1, "f: tensor net.0.bias: value 1 is inf as float32: must be finite"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnWeightsMap *map = parse(cases[i].map);
        SdqnMappedWeights mapped;
        SdqnError error = {0};
        assert_int_equal(sdqn_weights_map_apply(map, "f", cases[i].tensors, cases[i].count, &mapped, &error), SDQN_ERR_FORMAT);
        assert_string_equal(error.message, cases[i].message);
        sdqn_weights_map_destroy(map);
    }
}

static void maps_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "m.yaml: must be a mapping with tensors, and perhaps ignore"},
        {"[a, b]", "m.yaml: must be a mapping with tensors, and perhaps ignore"},
        {"ignore: [a]", "m.yaml: tensors: names none"},
        {"tensors: {}", "m.yaml: tensors: names none"},
        {"tensors: [a]", "m.yaml:1: tensors: must map our names to theirs"},
        {"tensors:\n  a: b\n  a: c", "m.yaml:3: a: given twice"},
        {"tensors:\n  a: b\n  c: b", "m.yaml:3: c: b is taken already, by line 2"},
        {"tensors: {a: b}\ntensors: {c: d}", "m.yaml:2: tensors: must be tensors or ignore, each once"},
        {"tensors: {a: b}\n---\nignore: [c]", "m.yaml:2: a second YAML document is not allowed"},
        {"tensors: {a: b}\n...\n{c", "m.yaml:3: no valid YAML: did not find expected <document start>"},
        {"tensor: {a: b}", "m.yaml:1: tensor: must be tensors or ignore, each once"},
        {"tensors: {a: [b]}", "m.yaml:1: a: must be the name of a tensor, 1 to 63 letters"},
        {"tensors: {a: ''}", "m.yaml:1: a: must be the name of a tensor, 1 to 63 letters"},
        {"tensors: {a: \"b\\0c\"}", "m.yaml:1: a: must be the name of a tensor, 1 to 63 letters"},
        {"tensors: {a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
         "m.yaml:1: a: must be the name of a tensor, 1 to 63 letters"},
        {"tensors: {a: {transpose: true}}", "m.yaml:1: a: from is missing: the name of their tensor"},
        {"tensors: {a: {from: b, transpose: yes}}", "m.yaml:1: transpose: must be true or false"},
        {"tensors: {a: {from: b, from: c}}", "m.yaml:1: a: takes from and transpose, each once"},
        {"tensors: {a: {from: b, dtype: F32}}", "m.yaml:1: a: takes from and transpose, each once"},
        {"tensors: {a: b}\nignore: c", "m.yaml:2: ignore: must be a list of their names"},
        {"tensors: {a: b}\nignore: ['c*d']", "m.yaml:2: c*d: * can only be the last letter"},
        {"tensors: {a: b", "m.yaml:2: no valid YAML: did not find expected ',' or '}'"},
        {"tensors: {a: &b c, d: *b}", "m.yaml:1: YAML anchors are not allowed"},
        {"tensors: {a: *b}", "m.yaml:1: YAML aliases are not allowed"},
        {"tensors: {a: \xff}", "m.yaml:1: no valid YAML: invalid leading UTF-8 octet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnWeightsMap *map = NULL;
        SdqnError error = {0};
        const SdqnStatus status = sdqn_weights_map_parse("m.yaml", cases[i].text, strlen(cases[i].text), &map, &error);
        if (status != SDQN_ERR_ARGUMENT || strcmp(error.message, cases[i].message) != 0)
            fail_msg("%s: status %d, \"%s\"", cases[i].text, (int)status, error.message);
        assert_null(map);
    }
}

static void a_map_cut_anywhere_is_read_or_refused(void **state) {
    (void)state;
    static const char text[] = "tensors:\n  fc1.weight: {from: a/b, transpose: true}\n  fc1.bias: c\nignore: [d, e*]\n";
    for (size_t size = 0; size < sizeof text; size++) {
        SdqnWeightsMap *map = NULL;
        SdqnError error = {0};
        const SdqnStatus status = sdqn_weights_map_parse("m.yaml", text, size, &map, &error);
        assert_int_equal(status == SDQN_OK, map != NULL);
        assert_int_equal(status == SDQN_OK, error.message[0] == '\0');
        sdqn_weights_map_destroy(map);
    }
}

// ---- others' files --------------------------------------------------------------------------------------------------------------

static SdqnStatus decode(const ForeignFile *made, SdqnSafetensors **file, SdqnError *error) {
    static uint8_t bytes[FOREIGN_ROOM + sizeof made->header + 9];
    return sdqn_safetensors_decode_foreign("x", bytes, foreign_bytes(made, bytes), file, error);
}

static void other_types_become_float32(void **state) {
    (void)state;
    // 1, -2, the least and the greatest half, the least normal one, a third, infinity, and -0
    static const uint16_t halves[8] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x0400, 0x3555, 0x7c00, 0x8000};
    static const float from_halves[8] = {1, -2, 0x1p-24f, 65504, 0x1p-14f, 0x1.554p-2f, INFINITY, -0.0f};
    static const uint16_t brains[4] = {0x3f80, 0xc2f7, 0x0001, 0x7f7f}; // a float's upper halves
    static const float from_brains[4] = {1, -123.5f, 0x1p-133f, 0x1.fep127f};
    static const double doubles[4] = {0.1, 0x1.000001p0, 0x1.000003p0, 1e300}; // the second and third are ties: to even
    static const float from_doubles[4] = {0.1f, 1.0f, 0x1.000004p0f, INFINITY};
    static const int64_t step = 7;
    ForeignFile made = {0};
    foreign_add(&made, "a/half", "F16", "[2, 4]", halves, sizeof halves);
    foreign_add(&made, "step", "I64", "[]", &step, sizeof step);
    foreign_add(&made, "b:brain", "BF16", "[4]", brains, sizeof brains);
    foreign_add(&made, "c", "F64", "[4]", doubles, sizeof doubles);
    foreign_add(&made, "d", "F32", "[6]", matrix, sizeof matrix);
    foreign_add(&made, "e", "C64", "[1]", &step, sizeof step);
    foreign_add(&made, "f", "F8_E4M3FNUZ", "[8]", &step, sizeof step);
    SdqnSafetensors *file;
    SdqnError error = {0};
    int count;
    if (decode(&made, &file, &error) != SDQN_OK) fail_msg("%s", error.message);
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    assert_int_equal(count, 7);
    assert_string_equal(tensors[0].name, "a/half");
    assert_int_equal(tensors[0].rank, 2);
    assert_memory_equal(tensors[0].data, from_halves, sizeof from_halves);
    assert_null(tensors[1].data);
    assert_memory_equal(tensors[2].data, from_brains, sizeof from_brains);
    assert_memory_equal(tensors[3].data, from_doubles, sizeof from_doubles);
    assert_memory_equal(tensors[4].data, matrix, sizeof matrix);
    assert_null(tensors[5].data); // there, but of no use
    assert_null(tensors[6].data);
    sdqn_safetensors_destroy(file);
}

static void hostile_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *name, *dtype, *shape;
        size_t size;
        const char *message;
    } cases[] = {
        {"a b", "F16", "[2]", 4, "tensor \"a b\": a name must be 1 to 63 of printable ASCII without spaces"},
        {"a", "F17", "[2]", 4, "tensor a: dtype F17: must be a type of the format with whole bytes"},
        {"a", "F16", "[3]", 4, "must be an integer >= 1 that fits the file's size"},
        {"a", "F16", "[1]", 4, "must span 2 bytes for the shape"},
        {"a", "I64", "[1, 1, 1, 1, 1]", 8, "5 dimensions: at most 4 are allowed"},
        {"a", "F64", "[4611686018427387904, 4]", 8, "must be an integer >= 1 that fits the file's size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ForeignFile made = {0};
        SdqnSafetensors *file;
        SdqnError error = {0};
        foreign_add(&made, cases[i].name, cases[i].dtype, cases[i].shape, (const char[8]){0}, cases[i].size);
        assert_int_equal(decode(&made, &file, &error), SDQN_ERR_FORMAT);
        if (strstr(error.message, cases[i].message) == NULL) fail_msg("expected \"%s\", found \"%s\"", cases[i].message, error.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_renamed_and_transposed), cmocka_unit_test(every_tensor_must_have_its_place),
        cmocka_unit_test(maps_that_are_none_are_refused),     cmocka_unit_test(a_map_cut_anywhere_is_read_or_refused),
        cmocka_unit_test(other_types_become_float32),         cmocka_unit_test(hostile_files_are_refused),
    };
    return cmocka_run_group_tests_name("weights_map", tests, NULL, NULL);
}
