# Sample efficiency: share of an arm's seeds whose rolling mean return (the last 100 training episodes of every task) had reached a threshold after so many environment steps. A panel an arm. n = 5 to 20 seeds an arm, as the table of arms says.
# Drawn by gnuplot 5.4 or newer: gnuplot sample-efficiency-tier4.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,1474 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,14.74in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,1474 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'sample-efficiency-tier4.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.8371777476255088; set size 0.5, 0.1628222523744912
set title 'shared'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 0 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 1 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 2 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 3 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.5, 0.8371777476255088; set size 0.5, 0.1628222523744912
set title 'mean'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 4 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 5 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 6 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 7 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.6743554952510176; set size 0.5, 0.1628222523744912
set title 'shared-onehot'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 8 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 9 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 10 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 11 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.5, 0.6743554952510176; set size 0.5, 0.1628222523744912
set title 'shared-id'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 12 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 13 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 14 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 15 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.5115332428765265; set size 0.5, 0.1628222523744912
set title 'independent-equal'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 500.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 16 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 17 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 18 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 19 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.5, 0.5115332428765265; set size 0.5, 0.1628222523744912
set title 'shared-wide'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 20 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 21 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 22 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 23 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.34871099050203525; set size 0.5, 0.1628222523744912
set title 'mean-weighted'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 24 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 25 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 26 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 27 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.5, 0.34871099050203525; set size 0.5, 0.1628222523744912
set title 'shared-embedding2'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 28 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 29 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 30 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 31 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.18588873812754403; set size 0.5, 0.1628222523744912
set title 'shared-embedding32'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 32 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 33 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 34 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 35 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.5, 0.18588873812754403; set size 0.5, 0.1628222523744912
set title 'shared-uniform'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 36 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 37 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 38 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 39 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.023066485753052923; set size 0.5, 0.1628222523744912
set title 'shared-by-loss'
set xlabel 'environment steps (thousands, all tasks)'
set ylabel 'share of the seeds'
set xtics 100.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [0.0:1.05]
unset arrow
plot 'sample-efficiency-tier4.dat' index 40 using 1:2 with lines lc rgb '#0072b2' lw 2 dt solid notitle, \
    'sample-efficiency-tier4.dat' index 41 using 1:2 with lines lc rgb '#d55e00' lw 2 dt (9,5) notitle, \
    'sample-efficiency-tier4.dat' index 42 using 1:2 with lines lc rgb '#009e73' lw 2 dt (3,3) notitle, \
    'sample-efficiency-tier4.dat' index 43 using 1:2 with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) notitle
set origin 0.0, 0.0; set size 1.0, 0.023066485753052916
unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
set key center center horizontal maxcols 4 maxrows 1 samplen 3.5 spacing 1.1 width 2 Left reverse
plot 2 notitle, \
    keyentry with lines lc rgb '#0072b2' lw 2 dt solid title 'at least 50', \
    keyentry with lines lc rgb '#d55e00' lw 2 dt (9,5) title 'at least 100', \
    keyentry with lines lc rgb '#009e73' lw 2 dt (3,3) title 'at least 150', \
    keyentry with lines lc rgb '#cc79a7' lw 2 dt (9,4,2,4) title 'at least 200'
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
