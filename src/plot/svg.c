#include "plot/svg.h"

#include <stdbool.h>
#include <string.h>

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/// Copy a tag from '<' to '>', with the changes.
static const char *write_tag(FILE *out, const char *c, const char *end, const char *prefix) {
    static const struct {
        const char *from, *to;
        bool named; ///< followed by the prefix
    } changes[] = {
        {" id=\"", " id=\"", true},
        {" id='", " id='", true},
        {"href='#", "href='#", true},
        {"href=\"#", "href=\"#", true},
        {"url(#", "url(#", true},
        {"\"black\"", "\"currentColor\"", false},
        {"\"rgb(0,0,0)\"", "\"currentColor\"", false},
        {"'black'", "'currentColor'", false},
        {"'rgb(  0,   0,   0)'", "'currentColor'", false},
        {"\"rgb(  0,   0,   0)\"", "\"currentColor\"", false},
        {"fill=\"#ffffff\"", "fill=\"none\"", false},
    };
    while (c < end && *c != '>') {
        size_t i = 0;
        while (i < sizeof changes / sizeof *changes && !begins(c, changes[i].from)) i++;
        if (i < sizeof changes / sizeof *changes) {
            fputs(changes[i].to, out);
            if (changes[i].named) fputs(prefix, out);
            c += strlen(changes[i].from);
        } else {
            fputc(*c++, out);
        }
    }
    if (c < end) fputc(*c++, out);
    return c;
}

int sdqn_svg_write_inline(FILE *out, const char *svg, size_t size, const char *prefix, const char *labelled_by) {
    const char *const end = svg + size, *c = strstr(svg, "<svg");
    if (!c) return -1;
    fprintf(out, "<svg role=\"img\" aria-labelledby=\"%s\"", labelled_by);
    c += strlen("<svg");
    while (c < end) {
        const char *skipped = begins(c, "<title>") ? "</title>" : begins(c, "<desc>") ? "</desc>" : NULL;
        const char *behind = skipped ? strstr(c, skipped) : NULL;
        if (behind) {
            c = behind + strlen(skipped);
        } else if (*c == '<' || c == svg) {
            c = write_tag(out, c, end, prefix);
        } else {
            fputc(*c++, out);
        }
    }
    return 0;
}
