#include "plot/markup.h"

#include "core/text.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" ///< U+FFFD
#define ELLIPSIS "\xe2\x80\xa6"    ///< U+2026

/// What an ASCII character is written as. @return NULL: as it is
typedef const char *Escape(char c);

/// @param most  characters to write before an ellipsis; 0: all
static void write_escaped(FILE *out, const char *text, Escape *escape, int most) {
    const bool cut = most > 0 && sdqn_markup_length(text) > most;
    for (int count = 0; *text != '\0' && !(cut && count == most - 1); count++) {
        const size_t length = sdqn_text_utf8_length(text);
        const char *escaped = NULL;
        if (length == 0) {
            escaped = REPLACEMENT;
        } else if (length == 1) {
            escaped = (*text > 0 && *text < 0x20) || *text == 0x7f ? "?" : escape ? escape(*text) : NULL;
        } else if (length == 2 && text[0] == '\xc2' && (unsigned char)text[1] < 0xa0) {
            escaped = "?"; // the control characters U+0080 to U+009F
        }
        if (escaped) {
            fputs(escaped, out);
        } else {
            fwrite(text, 1, length, out);
        }
        text += length > 0 ? length : 1;
    }
    if (cut) fputs(ELLIPSIS, out);
}

int sdqn_markup_length(const char *text) {
    int count = 0;
    while (*text != '\0') {
        const size_t length = sdqn_text_utf8_length(text);
        text += length > 0 ? length : 1;
        count++;
    }
    return count;
}

static const char *html(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/// A character that may be escaped with a backslash is; <, > and & are not, as a backslash before them is not taken away by all readers.
static const char *markdown(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\\':
        return "\\\\";
    case '`':
        return "\\`";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    case '[':
        return "\\[";
    case ']':
        return "\\]";
    case '|':
        return "\\|";
    case '#':
        return "\\#";
    case '~':
        return "\\~";
    case '!':
        return "\\!";
    default:
        return NULL;
    }
}

static const char *latex(char c) {
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    case '$':
        return "\\$";
    case '&':
        return "\\&";
    case '%':
        return "\\%";
    case '#':
        return "\\#";
    case '_':
        return "\\_";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    case '<':
        return "\\textless{}";
    case '>':
        return "\\textgreater{}";
    case '|':
        return "\\textbar{}";
    default:
        return NULL;
    }
}

static const char *csv(char c) { return c == '"' ? "\"\"" : NULL; }

static const char *gnuplot(char c) { return c == '\'' ? "''" : NULL; }

static const char *gnuplot_tic(char c) { return c == '%' ? "%%" : gnuplot(c); }

void sdqn_markup_html(FILE *out, const char *text) { write_escaped(out, text, html, 0); }

void sdqn_markup_markdown(FILE *out, const char *text) { write_escaped(out, text, markdown, 0); }

void sdqn_markup_latex(FILE *out, const char *text) { write_escaped(out, text, latex, 0); }

void sdqn_markup_csv(FILE *out, const char *text) {
    const bool quoted = strpbrk(text, "\",") != NULL || (*text != '\0' && (text[0] == ' ' || text[strlen(text) - 1] == ' '));
    if (quoted) fputc('"', out);
    write_escaped(out, text, csv, 0);
    if (quoted) fputc('"', out);
}

static void write_gnuplot(FILE *out, const char *text, Escape *escape, int most) {
    fputc('\'', out);
    write_escaped(out, text, escape, most);
    fputc('\'', out);
}

void sdqn_markup_gnuplot(FILE *out, const char *text, int most) { write_gnuplot(out, text, gnuplot, most); }

void sdqn_markup_gnuplot_tic(FILE *out, const char *text, int most) { write_gnuplot(out, text, gnuplot_tic, most); }

void sdqn_markup_comment(FILE *out, const char *text) { write_escaped(out, text, NULL, 0); }
