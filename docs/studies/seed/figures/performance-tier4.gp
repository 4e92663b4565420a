# Mean return of the final policies, with its interval. n = 5 to 20 seeds an arm, as the table of arms says; [low, high]: 95 % bootstrap interval over the seeds, whole seeds drawn 50000 times.
# Drawn by gnuplot 5.4 or newer: gnuplot performance-tier4.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,888 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,8.88in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,888 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'performance-tier4.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.5; set size 0.5, 0.5
set title 'mean over tasks'
set xlabel 'mean return'
set ylabel ''
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
set ytics scale 0 ('shared' 0, 'mean' 1, 'shared-onehot' 2, 'shared-id' 3, 'independent-equal' 4, 'shared-wide' 5, 'mean-weighted' 6, 'shared-embedding2' 7, 'shared-embedding32' 8, 'shared-uniform' 9, 'shared-by-loss' 10)
set yrange [10.5:-0.5]
unset arrow
plot 'performance-tier4.dat' index 0 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
set origin 0.5, 0.5; set size 0.5, 0.5
set title 'standard'
set xlabel 'mean return'
set ylabel ''
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
set ytics scale 0 ('shared' 0, 'mean' 1, 'shared-onehot' 2, 'shared-id' 3, 'independent-equal' 4, 'shared-wide' 5, 'mean-weighted' 6, 'shared-embedding2' 7, 'shared-embedding32' 8, 'shared-uniform' 9, 'shared-by-loss' 10)
set yrange [10.5:-0.5]
unset arrow
plot 'performance-tier4.dat' index 1 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
set origin 0.0, 0.0; set size 0.5, 0.5
set title 'windy'
set xlabel 'mean return'
set ylabel ''
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
set ytics scale 0 ('shared' 0, 'mean' 1, 'shared-onehot' 2, 'shared-id' 3, 'independent-equal' 4, 'shared-wide' 5, 'mean-weighted' 6, 'shared-embedding2' 7, 'shared-embedding32' 8, 'shared-uniform' 9, 'shared-by-loss' 10)
set yrange [10.5:-0.5]
unset arrow
plot 'performance-tier4.dat' index 2 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
set origin 0.5, 0.0; set size 0.5, 0.5
set title 'heavy'
set xlabel 'mean return'
set ylabel ''
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
set ytics scale 0 ('shared' 0, 'mean' 1, 'shared-onehot' 2, 'shared-id' 3, 'independent-equal' 4, 'shared-wide' 5, 'mean-weighted' 6, 'shared-embedding2' 7, 'shared-embedding32' 8, 'shared-uniform' 9, 'shared-by-loss' 10)
set yrange [10.5:-0.5]
unset arrow
plot 'performance-tier4.dat' index 3 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
