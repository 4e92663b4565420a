# Returns of the training episodes, which explore: mean over the seeds of the rolling mean of a task's last 100 training episodes (of fewer at first), by environment steps. A curve ends with the shortest of its runs. A panel an arm, mean over the tasks, with shared in each. n = 5 to 20 seeds an arm, as the table of arms says; bands: 95 % bootstrap intervals over the seeds, point by point, whole seeds drawn 2000 times.
# Drawn by gnuplot 5.4 or newer: gnuplot training-steps-tier4.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,1234 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,12.34in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,1234 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'training-steps-tier4.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.8055105348460292; set size 0.5, 0.19448946515397084
set title 'mean'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 1 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 0 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 1 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.5, 0.8055105348460292; set size 0.5, 0.19448946515397084
set title 'shared-onehot'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 2 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 3 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 2 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 3 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.0, 0.6110210696920584; set size 0.5, 0.19448946515397084
set title 'shared-id'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 4 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 5 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 4 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 5 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.5, 0.6110210696920584; set size 0.5, 0.19448946515397084
set title 'independent-equal'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 500.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 6 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 7 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 6 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 7 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.0, 0.41653160453808746; set size 0.5, 0.19448946515397084
set title 'shared-wide'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 8 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 9 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 8 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 9 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.5, 0.41653160453808746; set size 0.5, 0.19448946515397084
set title 'mean-weighted'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 10 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 11 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 10 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 11 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.0, 0.22204213938411665; set size 0.5, 0.19448946515397084
set title 'shared-embedding2'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 12 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 13 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 12 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 13 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.5, 0.22204213938411665; set size 0.5, 0.19448946515397084
set title 'shared-embedding32'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 14 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 15 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 14 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 15 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.0, 0.027552674230145846; set size 0.5, 0.19448946515397084
set title 'shared-uniform'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 16 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 17 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 16 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 17 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.5, 0.027552674230145846; set size 0.5, 0.19448946515397084
set title 'shared-by-loss'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'rolling mean return'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [-250.0:250.0]
unset arrow
plot 'training-steps-tier4.dat' index 18 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 19 using 1:3:4 with filledcurves lc rgb '#d55e00' fs transparent solid 0.180 noborder notitle, \
    'training-steps-tier4.dat' index 18 using 1:2 with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 pi 15 notitle, \
    'training-steps-tier4.dat' index 19 using 1:2 with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 pi 15 notitle
set origin 0.0, 0.0; set size 1.0, 0.027552674230145867
unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
set key center center horizontal maxcols 3 maxrows 1 samplen 3.5 spacing 1.1 width 2 Left reverse
plot 2 notitle, \
    keyentry with linespoints lc rgb '#0072b2' lw 2 dt solid pt 7 ps 0.8 title 'shared', \
    keyentry with linespoints lc rgb '#d55e00' lw 2 dt (9,5) pt 9 ps 0.8 title 'the arm of the title'
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
