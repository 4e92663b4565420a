# Greedy evaluations during the training: mean over the seeds of the mean of 5 episodes a task. n = 20 seeds an arm; bands: 95 % bootstrap intervals over the seeds, point by point, whole seeds drawn 2000 times.
# Drawn by gnuplot 5.4 or newer: gnuplot evaluations-tier1.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,634 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,6.34in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,634 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'evaluations-tier1.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.526813880126183; set size 0.5, 0.47318611987381703
set title 'mean over tasks'
set xlabel 'training episodes (all tasks)'
set ylabel 'mean return'
set xtics 1000.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
unset arrow
plot 'evaluations-tier1.dat' index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 1 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 2 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 11 notitle, \
    'evaluations-tier1.dat' index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 3 notitle, \
    'evaluations-tier1.dat' index 2 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 3 notitle
set origin 0.5, 0.526813880126183; set size 0.5, 0.47318611987381703
set title 'standard'
set xlabel 'training episodes (all tasks)'
set ylabel 'mean return'
set xtics 1000.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
unset arrow
plot 'evaluations-tier1.dat' index 3 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 4 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 5 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 3 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 11 notitle, \
    'evaluations-tier1.dat' index 4 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 3 notitle, \
    'evaluations-tier1.dat' index 5 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 3 notitle
set origin 0.0, 0.05362776025236593; set size 0.5, 0.47318611987381703
set title 'windy'
set xlabel 'training episodes (all tasks)'
set ylabel 'mean return'
set xtics 1000.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
unset arrow
plot 'evaluations-tier1.dat' index 6 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 7 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 8 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 6 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 11 notitle, \
    'evaluations-tier1.dat' index 7 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 3 notitle, \
    'evaluations-tier1.dat' index 8 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 3 notitle
set origin 0.5, 0.05362776025236593; set size 0.5, 0.47318611987381703
set title 'heavy'
set xlabel 'training episodes (all tasks)'
set ylabel 'mean return'
set xtics 1000.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
unset arrow
plot 'evaluations-tier1.dat' index 9 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 10 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 11 using 1:3:4 with filledcurves lc rgb '#009e73' fs transparent solid 0.180 noborder notitle, \
    'evaluations-tier1.dat' index 9 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 11 notitle, \
    'evaluations-tier1.dat' index 10 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 3 notitle, \
    'evaluations-tier1.dat' index 11 using 1:2 with linespoints lc rgb '#009e73' lw 2 dt (3,3) pt 5 ps 0.8 pi 3 notitle
set origin 0.0, 0.0; set size 1.0, 0.05362776025236593
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
