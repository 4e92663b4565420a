// test_onnx.c: ONNX models: the messages of a small one as text beside tests/data, weights where they belong, and what is refused.
// (tools/test_export.py compares every kind of network with ONNX Runtime.)
#include "exchange/onnx.h"
#include "exchange/protobuf.h"

#include "core/file.h"
#include "network_kinds.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- a reader of the wire format, for these tests -------------------------------------------------------------------------------

/// Messages of onnx.proto, and which fields of each are messages again.
typedef enum Kind { MODEL = 0, OPSET, ENTRY, GRAPH, NODE, ATTRIBUTE, TENSOR, VALUE, TYPE, TENSOR_TYPE, SHAPE, DIM, LEAF } Kind;

static const struct Child {
    Kind parent;
    int field;
    Kind kind;
    const char *name;
} CHILDREN[] = {
    {MODEL, 7, GRAPH, "graph"},     {MODEL, 8, OPSET, "opset_import"}, {MODEL, 14, ENTRY, "metadata"},   {GRAPH, 1, NODE, "node"},
    {GRAPH, 5, TENSOR, "constant"}, {GRAPH, 11, VALUE, "input"},       {GRAPH, 12, VALUE, "output"},     {NODE, 5, ATTRIBUTE, "attribute"},
    {VALUE, 2, TYPE, "type"},       {TYPE, 1, TENSOR_TYPE, "tensor"},  {TENSOR_TYPE, 2, SHAPE, "shape"}, {SHAPE, 1, DIM, "dim"},
};

static uint64_t read_varint(const uint8_t **at, const uint8_t *end) {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(*at < end && shift < 64);
        const uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
}

/// Bytes as text if they are letters, else as floats, doubles or integers by the tensor's type.
static void print_bytes(FILE *out, const uint8_t *bytes, size_t size, int64_t tensor_type) {
    if (tensor_type == 1) {
        for (size_t i = 0; i + sizeof(float) <= size; i += sizeof(float)) {
            float value;
            memcpy(&value, bytes + i, sizeof value);
            fprintf(out, " %a", (double)value);
        }
    } else if (tensor_type == 11) {
        for (size_t i = 0; i + sizeof(double) <= size; i += sizeof(double)) {
            double value;
            memcpy(&value, bytes + i, sizeof value);
            fprintf(out, " %a", value);
        }
    } else if (tensor_type == 7) {
        for (size_t i = 0; i + sizeof(int64_t) <= size; i += sizeof(int64_t)) {
            int64_t value;
            memcpy(&value, bytes + i, sizeof value);
            fprintf(out, " %lld", (long long)value);
        }
    } else {
        fprintf(out, " \"%.*s\"", (int)size, (const char *)bytes);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as CHILDREN
static void print_fields(FILE *out, Kind kind, const uint8_t *at, const uint8_t *end, int depth) {
    int64_t tensor_type = 0;
    while (at < end) {
        const uint64_t tag = read_varint(&at, end);
        const int field = (int)(tag >> 3), wire = (int)(tag & 7);
        const struct Child *child = NULL;
        for (size_t i = 0; i < sizeof CHILDREN / sizeof *CHILDREN; i++) {
            if (CHILDREN[i].parent == kind && CHILDREN[i].field == field) child = &CHILDREN[i];
        }
        fprintf(out, "%*s", 2 * depth, "");
        if (wire == 0) {
            const int64_t value = (int64_t)read_varint(&at, end);
            fprintf(out, "%d: %lld\n", field, (long long)value);
            if (kind == TENSOR && field == 2) tensor_type = value;
        } else if (wire == 5) {
            float value;
            assert_true(end - at >= (ptrdiff_t)sizeof value);
            memcpy(&value, at, sizeof value);
            at += sizeof value;
            fprintf(out, "%d: %a\n", field, (double)value);
        } else {
            assert_int_equal(wire, 2);
            const uint64_t size = read_varint(&at, end);
            assert_true(size <= (uint64_t)(end - at));
            if (child != NULL) {
                fprintf(out, "%s\n", child->name);
                print_fields(out, child->kind, at, at + size, depth + 1);
            } else {
                fprintf(out, "%d:", field);
                print_bytes(out, at, size, kind == TENSOR && field == 9 ? tensor_type : 0);
                fputc('\n', out);
            }
            at += size;
        }
    }
    assert_ptr_equal(at, end);
}

/// A model as text, to be freed. The line of the program's version is left out.
static char *text_of(const SdqnPortable *portable) {
    uint8_t *bytes;
    size_t size, length;
    char *text;
    SdqnError error = {0};
    if (sdqn_onnx_write(portable, &bytes, &size, &error) != SDQN_OK) fail_msg("%s", error.message);
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    print_fields(out, MODEL, bytes, bytes + size, 0);
    assert_int_equal(fclose(out), 0);
    free(bytes);
    char *version = strstr(text, "\n3: \"");
    assert_non_null(version);
    const char *behind = strchr(version + 1, '\n');
    assert_non_null(behind);
    memmove(version, behind, strlen(behind) + 1);
    return text;
}

// ---- tests ----------------------------------------------------------------------------------------------------------------------

static SdqnQNetworkDef tiny_def(SdqnConditioning conditioning, SdqnArchitecture architecture, int atoms, bool dueling) {
    SdqnQNetworkDef def = kind_def(0);
    def.conditioning = conditioning;
    def.architecture = architecture;
    def.num_atoms = atoms;
    def.dueling = dueling;
    def.embedding_size = 1;
    def.hidden1_size = def.hidden2_size = 2;
    def.num_blocks = 1;
    return def;
}

/// Parameters that are their own place: 1, 2, 3, ...
static void number_parameters(SdqnQNetwork *network) {
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (size_t k = 0; k < sdqn_q_network_parameter_count(network); k++) parameters[k] = (float)(k + 1);
    sdqn_q_network_refresh(network);
}

static void compare_with(const char *path, const SdqnPortable *portable) {
    uint8_t *expected;
    size_t size;
    SdqnError error = {0};
    char *text = text_of(portable);
    if (getenv("SDQN_UPDATE_DATA") != NULL) // after make export-test has approved of a change
        assert_int_equal(sdqn_file_write(path, &(SdqnPiece){text, strlen(text)}, 1, NULL), SDQN_OK);
    if (sdqn_file_read(path, 1 << 20, &expected, &size, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_string_equal(text, (const char *)expected);
    free(expected);
    free(text);
}

static void embedding_model_is_as_recorded(void **state) {
    (void)state;
    const SdqnQNetworkDef def = tiny_def(SDQN_CONDITIONING_EMBEDDING, SDQN_ARCHITECTURE_MLP, 0, false);
    SdqnQNetwork *network = kind_network(&def, 1);
    number_parameters(network);
    SdqnPortable portable = kind_portable(network, -1);
    compare_with("tests/data/onnx_embedding.txt", &portable);
    sdqn_q_network_destroy(network);
}

static void model_of_a_network_a_task_is_as_recorded(void **state) {
    (void)state;
    SdqnQNetwork *networks[KIND_TASKS];
    const SdqnQNetwork *played[KIND_TASKS];
    const int32_t rows[KIND_TASKS] = {0};
    for (int t = 0; t < KIND_TASKS; t++) {
        const SdqnQNetworkDef def = tiny_def(SDQN_CONDITIONING_BLIND, (SdqnArchitecture)t, t > 0 ? 2 : 0, t == 1);
        played[t] = networks[t] = kind_network(&def, 1);
        number_parameters(networks[t]);
    }
    SdqnPortable portable;
    sdqn_portable_make(kind_tasks, played, rows, KIND_TASKS, &portable);
    compare_with("tests/data/onnx_independent.txt", &portable);
    for (int t = 0; t < KIND_TASKS; t++) sdqn_q_network_destroy(networks[t]);
}

/// Of one task: its part of the first layer is in the bias, and nothing asks for a task.
static void one_task_is_folded_into_the_bias(void **state) {
    (void)state;
    for (int conditioning = 0; conditioning < 3; conditioning++) {
        const SdqnQNetworkDef def = tiny_def((SdqnConditioning)conditioning, SDQN_ARCHITECTURE_MLP, 0, false);
        SdqnQNetwork *network = kind_network(&def, 1);
        number_parameters(network);
        const SdqnPortable portable = kind_portable(network, 2);
        char *text = text_of(&portable), line[64];
        assert_null(strstr(text, "\"task\""));
        assert_non_null(strstr(text, "2: \"heavy\"\n"));
        // fc1 is [2, in], its parameters 1, 2, ...; bias [2] behind it; the embedding is the last.
        const int in = 8 + sdqn_q_network_def_conditioning_size(&def), last = (int)sdqn_q_network_parameter_count(network);
        const int told = conditioning == SDQN_CONDITIONING_EMBEDDING ? last : conditioning == SDQN_CONDITIONING_ONEHOT ? 1 : 2;
        snprintf(line, sizeof line, "9: %a %a\n", 2.0 * in + 1 + told * in, 2.0 * in + 2 + told * 2 * in);
        if (strstr(text, line) == NULL) fail_msg("conditioning %d: no bias%s in\n%s", conditioning, line, text);
        free(text);
        sdqn_q_network_destroy(network);
    }
}

/// However a network is told the task, a row of a table tells it: runtimes refuse a task that has none.
static void a_task_is_looked_up(void **state) {
    (void)state;
    for (int conditioning = 0; conditioning < 3; conditioning++) {
        SdqnQNetworkDef def = tiny_def((SdqnConditioning)conditioning, SDQN_ARCHITECTURE_MLP, 0, false);
        if (conditioning == SDQN_CONDITIONING_ID) def.num_tasks = SDQN_MAX_TASKS; // weights do not say how many there are
        SdqnQNetwork *network = kind_network(&def, 1);
        const SdqnPortable portable = kind_portable(network, -1);
        char *text = text_of(&portable);
        const char *first = strstr(text, "    1: \"task\"\n");
        assert_non_null(first);
        if (strncmp(strstr(first, "    4: "), "    4: \"Gather\"\n", 16) != 0) fail_msg("conditioning %d: %s", conditioning, text);
        if (conditioning == SDQN_CONDITIONING_ID) assert_non_null(strstr(text, "    9: 0x0p+0 0x1p+0 0x1p+1\n"));
        free(text);
        sdqn_q_network_destroy(network);
    }
}

/// Every kind can be read, its weights are all there, and nothing is read before it was written nor written twice.
static void every_kind_is_in_order(void **state) {
    (void)state;
    for (int kind = 0; kind < NUM_NETWORK_KINDS; kind++) {
        const SdqnQNetworkDef def = kind_def(kind);
        SdqnQNetwork *network = kind_network(&def, 3);
        const SdqnPortable portable = kind_portable(network, -1);
        char *text = text_of(&portable);
        assert_int_equal(strstr(text, "\"task\"") != NULL, sdqn_portable_needs_task(&portable));
        char *known = calloc(1, strlen(text) + 64), *rest = text;
        assert_non_null(known);
        strcpy(known, "\"observation\" \"task\""); // NOLINT
        bool in_node = false;
        for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
            if (line[0] == ' ' && line[2] != ' ') in_node = strcmp(line, "  node") == 0;
            const char *name = strchr(line, '"');
            const bool reads = in_node && strncmp(line, "    1: ", 7) == 0;
            const bool writes = in_node ? strncmp(line, "    2: ", 7) == 0 : strncmp(line, "    8: ", 7) == 0;
            if (name == NULL || !(reads || writes)) continue;
            if (reads && strstr(known, name) == NULL) fail_msg("kind %d: %s is read before it is there", kind, name);
            if (writes && strstr(known, name) != NULL) fail_msg("kind %d: %s is there twice", kind, name);
            if (writes) strcat(known, name); // NOLINT
        }
        assert_non_null(strstr(known, "\"q\""));
        free(known);
        free(text);
        sdqn_q_network_destroy(network);
    }
}

static void integers_take_as_many_bytes_as_they_need(void **state) {
    (void)state;
    // From the specification of the encoding: 150 is 96 01; -1 takes ten bytes.
    static const uint8_t expected[] = {0x08, 0x96, 0x01, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    SdqnProtobuf message = {0};
    sdqn_protobuf_int(&message, 1, 150);
    sdqn_protobuf_int(&message, 1, -1);
    assert_false(message.failed);
    assert_int_equal(message.size, sizeof expected);
    assert_memory_equal(message.bytes, expected, sizeof expected);
    free(message.bytes);
}

static void a_message_inside_a_message_has_its_length(void **state) {
    (void)state;
    static const uint8_t beginning[] = {0x1a, 0xcb, 0x01, 0x12, 0xc8, 0x01, 'x'}; // field 3 of 203 bytes: field 2 of 200
    char text[201];
    memset(text, 'x', sizeof text - 1);
    text[200] = '\0';
    SdqnProtobuf message = {0};
    const size_t begun = sdqn_protobuf_begin(&message, 3);
    sdqn_protobuf_string(&message, 2, text);
    sdqn_protobuf_end(&message, begun);
    assert_int_equal(message.size, 206);
    assert_memory_equal(message.bytes, beginning, sizeof beginning);
    free(message.bytes);
}

static void a_message_larger_than_readers_take_fails(void **state) {
    (void)state;
    SdqnProtobuf message = {0};
    const char byte = 0;
    sdqn_protobuf_bytes(&message, 1, &byte, SDQN_PROTOBUF_MAX_SIZE);
    assert_true(message.failed);
    free(message.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embedding_model_is_as_recorded),
        cmocka_unit_test(model_of_a_network_a_task_is_as_recorded),
        cmocka_unit_test(a_task_is_looked_up),
        cmocka_unit_test(one_task_is_folded_into_the_bias),
        cmocka_unit_test(every_kind_is_in_order),
        cmocka_unit_test(integers_take_as_many_bytes_as_they_need),
        cmocka_unit_test(a_message_inside_a_message_has_its_length),
        cmocka_unit_test(a_message_larger_than_readers_take_fails),
    };
    return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
