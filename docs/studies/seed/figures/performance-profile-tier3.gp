# Performance profile: share of an arm's (task, seed) scores that are above tau (Agarwal et al. 2021, arXiv:2108.13264). n = 10 to 20 seeds an arm, as the table of arms says; bands: 95 % bootstrap intervals over the seeds, point by point, whole seeds drawn 2000 times.
# Drawn by gnuplot 5.4 or newer: gnuplot performance-profile-tier3.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,438 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,4.38in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,438 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'performance-profile-tier3.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.13242009132420096; set size 1.0, 0.867579908675799
set title ''
set xlabel 'tau (return of a final policy on a task)'
set ylabel 'share above tau'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'performance-profile-tier3.dat' index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.144 noborder notitle, \
    'performance-profile-tier3.dat' index 1 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.144 noborder notitle, \
    'performance-profile-tier3.dat' index 2 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.144 noborder notitle, \
    'performance-profile-tier3.dat' index 3 using 1:3:4 with filledcurves lc rgb '#cc79a7' fs transparent solid 0.144 noborder notitle, \
    'performance-profile-tier3.dat' index 4 using 1:3:4 with filledcurves lc rgb '#e69f00' fs transparent solid 0.144 noborder notitle, \
    'performance-profile-tier3.dat' index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 18 notitle, \
    'performance-profile-tier3.dat' index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 18 notitle, \
    'performance-profile-tier3.dat' index 2 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 18 notitle, \
    'performance-profile-tier3.dat' index 3 using 1:2 with linespoints lc rgb '#cc79a7' lw 2 dt (9,4,2,4) pt 13 ps 0.8 pi 18 notitle, \
    'performance-profile-tier3.dat' index 4 using 1:2 with linespoints lc rgb '#e69f00' lw 2 dt (16,5) pt 6 ps 0.8 pi 18 notitle
set origin 0.0, 0.0; set size 1.0, 0.1324200913242009
unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
set key center center horizontal maxcols 4 maxrows 2 samplen 3.5 spacing 1.1 width 2 Left reverse
plot 2 notitle, \
    keyentry with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 title 'mean', \
    keyentry with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 title 'pcgrad', \
    keyentry with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 title 'gradnorm', \
    keyentry with linespoints lc rgb '#cc79a7' lw 2 dt (9,4,2,4) pt 13 ps 0.8 title 'cagrad', \
    keyentry with linespoints lc rgb '#e69f00' lw 2 dt (16,5) pt 6 ps 0.8 title 'sum-decay'
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
