// test_yaml_document.c: YAML as a tree, and what is refused with its line.
#include "core/yaml_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static SdqnStatus parse(const char *text, SdqnYaml *yaml, SdqnError *error) {
    return sdqn_yaml_parse("file.yaml", (const uint8_t *)text, strlen(text), yaml, error);
}

static void a_document_is_a_tree_with_lines(void **state) {
    (void)state;
    SdqnYaml yaml;
    SdqnError error = {0};
    assert_int_equal(parse("# a comment\nname: a\nlist:\n  - b\n  - \"c\\0d\"\n", &yaml, &error), SDQN_OK);
    const yaml_node_t *root = sdqn_yaml_root(&yaml);
    assert_int_equal(root->type, YAML_MAPPING_NODE);
    const yaml_node_pair_t *pairs = root->data.mapping.pairs.start;
    assert_string_equal(sdqn_yaml_text(sdqn_yaml_node(&yaml, pairs[0].value)), "a");
    const yaml_node_t *list = sdqn_yaml_node(&yaml, pairs[1].value);
    assert_null(sdqn_yaml_text(list));
    const yaml_node_t *first = sdqn_yaml_node(&yaml, list->data.sequence.items.start[0]);
    assert_string_equal(sdqn_yaml_text(first), "b");
    assert_null(sdqn_yaml_text(sdqn_yaml_node(&yaml, list->data.sequence.items.start[1]))); // it holds a zero byte
    assert_int_equal(sdqn_yaml_refuse(&yaml, first, "b", "is not c", &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "file.yaml:4: b: is not c");
    sdqn_yaml_clear(&yaml);
}

static void an_empty_document_has_no_root(void **state) {
    (void)state;
    static const char *const texts[] = {"", "# nothing\n", "\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        SdqnYaml yaml;
        assert_int_equal(parse(texts[i], &yaml, NULL), SDQN_OK);
        assert_null(sdqn_yaml_root(&yaml));
        sdqn_yaml_clear(&yaml);
    }
}

static void what_says_other_than_a_reader_sees_is_refused_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a: b\nc: [d\n", "file.yaml:3: no valid YAML: did not find expected ',' or ']'"},
        {"a: &b c\n", "file.yaml:1: YAML anchors are not allowed"},
        {"a: &b [c]\n", "file.yaml:1: YAML anchors are not allowed"},
        {"a: b\nc: *a\n", "file.yaml:2: YAML aliases are not allowed"},
        {"a: b\nc: !!int 1\n", "file.yaml:2: YAML tags are not allowed"},
        {"a: b\nc: !x {d: e}\n", "file.yaml:2: YAML tags are not allowed"},
        {"a: b\n---\nc: d\n", "file.yaml:2: a second YAML document is not allowed"},
        {"a: \xff\n", "file.yaml:1: no valid YAML: invalid leading UTF-8 octet"},
        {"a:\n  [[[[[[[[b]]]]]]]]\n", "file.yaml:2: lists and mappings are too deep in each other"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnYaml yaml;
        SdqnError error = {0};
        assert_int_equal(parse(cases[i].text, &yaml, &error), SDQN_ERR_ARGUMENT);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void eight_levels_are_not_too_deep(void **state) {
    (void)state;
    SdqnYaml yaml;
    assert_int_equal(parse("a: [[[[[[[b]]]]]]]\n", &yaml, NULL), SDQN_OK);
    sdqn_yaml_clear(&yaml);
}

/// libyaml takes minutes for a file like this.
static void depth_costs_no_time(void **state) {
    (void)state;
    enum { SIZE = 1 << 20 };
    uint8_t *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, '[', SIZE);
    SdqnYaml yaml;
    const clock_t before = clock();
    assert_int_equal(sdqn_yaml_parse("file.yaml", text, SIZE, &yaml, NULL), SDQN_ERR_ARGUMENT);
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 1.0);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_a_tree_with_lines),
        cmocka_unit_test(an_empty_document_has_no_root),
        cmocka_unit_test(what_says_other_than_a_reader_sees_is_refused_with_its_line),
        cmocka_unit_test(eight_levels_are_not_too_deep),
        cmocka_unit_test(depth_costs_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
