#include "view/film_palette.h"

#include "view/colors.h"

/// Colours between two others.
typedef struct Ramp {
    SdqnColor from, to;
    int count; ///< with both ends
} Ramp;

static SdqnColor mix(SdqnColor a, SdqnColor b, double share) {
    return (SdqnColor){(uint8_t)(a.red + share * (b.red - a.red) + 0.5), (uint8_t)(a.green + share * (b.green - a.green) + 0.5),
                       (uint8_t)(a.blue + share * (b.blue - a.blue) + 0.5), 255};
}

static void add(uint32_t colors[SDQN_FILM_COLORS], int *count, SdqnColor color) {
    const uint32_t value = 0xff000000u | (uint32_t)color.red << 16 | (uint32_t)color.green << 8 | color.blue;
    for (int i = 0; i < *count; i++)
        if (colors[i] == value) return;
    if (*count < SDQN_FILM_COLORS) colors[(*count)++] = value;
}

void sdqn_film_palette(uint32_t colors[SDQN_FILM_COLORS]) {
    const double cover = SDQN_PANEL.alpha / 255.0;
    const SdqnColor panel = mix(SDQN_BLACK, SDQN_PANEL, cover), lander_behind = mix(SDQN_PURPLE, SDQN_PANEL, cover);
    const SdqnColor on_moon = mix(SDQN_WHITE, SDQN_DENSE_PANEL, SDQN_DENSE_PANEL.alpha / 255.0);
    const Ramp ramps[] = {
        {SDQN_BLACK, SDQN_WHITE, 32},
        {SDQN_BLACK, SDQN_PURPLE, 16},
        {SDQN_BLACK, SDQN_DARK_PURPLE, 12},
        {SDQN_PURPLE, SDQN_DARK_PURPLE, 16},
        {SDQN_WHITE, SDQN_PURPLE, 14},
        {SDQN_WHITE, SDQN_DARK_PURPLE, 12},
        {SDQN_BLACK, SDQN_YELLOW, 14},
        {SDQN_WHITE, SDQN_YELLOW, 10},
        {panel, SDQN_WHITE, 24},
        {panel, SDQN_GREY, 14},
        {panel, SDQN_ORANGE, 16},
        {panel, SDQN_BLUE, 8},
        {panel, SDQN_SKY_BLUE, 12},
        {panel, lander_behind, 6},
        {lander_behind, SDQN_WHITE, 6},
        {on_moon, SDQN_WHITE, 18},
    };
    int count = 0;
    for (int age = 0; age < 7; age++)
        for (int i = 0; i < 4; i++)
            add(colors, &count, mix(sdqn_color_of_heat(0.85 - 0.15 * age), i < 3 ? SDQN_BLACK : SDQN_WHITE, i < 3 ? i / 3.0 : 0.5));
    for (size_t r = 0; r < sizeof ramps / sizeof *ramps; r++)
        for (int i = 0; i < ramps[r].count; i++) add(colors, &count, mix(ramps[r].from, ramps[r].to, (double)i / (ramps[r].count - 1)));
    while (count < SDQN_FILM_COLORS) colors[count++] = 0xff000000u;
}
