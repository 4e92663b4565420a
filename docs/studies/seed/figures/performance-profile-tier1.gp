# Performance profile: share of an arm's (task, seed) scores that are above tau (Agarwal et al. 2021, arXiv:2108.13264). n = 20 seeds an arm; bands: 95 % bootstrap intervals over the seeds, point by point, whole seeds drawn 2000 times.
# Drawn by gnuplot 5.4 or newer: gnuplot performance-profile-tier1.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,414 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,4.14in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,414 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'performance-profile-tier1.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.08212560386473433; set size 1.0, 0.9178743961352657
set title ''
set xlabel 'tau (return of a final policy on a task)'
set ylabel 'share above tau'
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'performance-profile-tier1.dat' index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'performance-profile-tier1.dat' index 1 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'performance-profile-tier1.dat' index 2 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.180 noborder notitle, \
    'performance-profile-tier1.dat' index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 18 notitle, \
    'performance-profile-tier1.dat' index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 18 notitle, \
    'performance-profile-tier1.dat' index 2 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 18 notitle
set origin 0.0, 0.0; set size 1.0, 0.0821256038647343
unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
set key center center horizontal maxcols 3 maxrows 1 samplen 3.5 spacing 1.1 width 2 Left reverse
plot 2 notitle, \
    keyentry with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 title 'independent', \
    keyentry with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 title 'independent-500', \
    keyentry with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 title 'shared'
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
