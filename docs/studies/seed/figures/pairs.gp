# Pairs of arms a - b, final policies, means over tasks: difference of the returns, and the probability that a run of a scores higher than one of b. The points have 95 % bootstrap intervals over the seeds; n of each pair stands in the table.
# Drawn by gnuplot 5.4 or newer: gnuplot pairs.gp
set encoding utf8
formats = 'svg pdf png'
do for [i=1:3] {
format = word(formats, i)
if (i == 1) { set terminal svg size 860,1314 noenhanced font 'sans-serif,14' dashed background '#ffffff' }
if (i == 2) { set terminal pdfcairo size 8.60in,13.14in noenhanced font 'sans-serif,10' dashed }
if (i == 3) { set terminal pngcairo size 860,1314 noenhanced font 'sans-serif,11' dashed background '#ffffff' }
set output 'pairs.'.format
set multiplot
set border 3 lc rgb '#000000'
set tics nomirror out
set grid back lc rgb '#d0d0d0' lw 1 dt solid
unset key
set boxwidth 1
set bars 0.6
set pointintervalbox 0
set rmargin 3
set origin 0.0, 0.512937595129376; set size 1.0, 0.487062404870624
set title 'difference of the mean return'
set xlabel 'a - b (return)'
set ylabel ''
set xtics 50.0 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [*:*]
set yrange [*:*]
set ytics scale 0 ('shared - independent' 0, 'shared - independent-500' 1, 'shared - independent-500-epsilon' 2, 'shared - shared-blind' 3, 'mean - shared' 4, 'pcgrad - mean' 5, 'gradnorm - mean' 6, 'cagrad - mean' 7, 'sum-decay - mean' 8, 'shared-onehot - shared' 9, 'shared-id - shared' 10, 'shared-embedding2 - shared' 11, 'shared-embedding32 - shared' 12, 'shared-wide - shared' 13, 'independent-equal - shared' 14, 'mean-weighted - mean' 15, 'shared-uniform - shared' 16, 'shared-by-loss - shared' 17)
set yrange [17.5:-0.5]
unset arrow
set arrow from first 0.0, graph 0 to first 0.0, graph 1 nohead front lc rgb '#666666' lw 1.5 dt (4,4)
plot 'pairs.dat' index 0 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
set origin 0.0, 0.025875190258751957; set size 1.0, 0.487062404870624
set title 'probability of improvement'
set xlabel 'P(a > b)'
set ylabel ''
set xtics 0.1 norotate nomirror scale 0.5
set ytics autofreq nomirror scale 0.5
unset logscale
set xrange [0.0:1.0]
set yrange [*:*]
set ytics scale 0 ('shared - independent' 0, 'shared - independent-500' 1, 'shared - independent-500-epsilon' 2, 'shared - shared-blind' 3, 'mean - shared' 4, 'pcgrad - mean' 5, 'gradnorm - mean' 6, 'cagrad - mean' 7, 'sum-decay - mean' 8, 'shared-onehot - shared' 9, 'shared-id - shared' 10, 'shared-embedding2 - shared' 11, 'shared-embedding32 - shared' 12, 'shared-wide - shared' 13, 'independent-equal - shared' 14, 'mean-weighted - mean' 15, 'shared-uniform - shared' 16, 'shared-by-loss - shared' 17)
set yrange [17.5:-0.5]
unset arrow
set arrow from first 0.5, graph 0 to first 0.5, graph 1 nohead front lc rgb '#666666' lw 1.5 dt (4,4)
plot 'pairs.dat' index 1 using 2:($1+0.0):3:4 with xerrorbars lc rgb '#0072b2' lw 1.5 pt 7 ps 0.9 notitle
set origin 0.0, 0.0; set size 1.0, 0.0258751902587519
unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale
set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0
set xrange [0:1]; set yrange [0:1]
set key center center horizontal maxcols 3 maxrows 1 samplen 3.5 spacing 1.1 width 2 Left reverse
plot 2 notitle, \
    keyentry with lines lc rgb '#666666' lw 1.5 dt (4,4) title 'no difference'
unset multiplot
set output
set lmargin; set rmargin; set tmargin; set bmargin
}
