#!/bin/sh
# A study on a real Slurm of one node, started here and ended here: slurm.sh FOLDER PROGRAM. As root, without systemd or control groups.
#
# The results must be byte for byte those of processes of this machine; a run that is cancelled must go on when it is submitted again.
set -u
cd "$(dirname "$0")/.." || exit 1
folder=$(mkdir -p "$1" && cd "$1" && pwd) program=$2
. tests/verdict.sh
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

base=$(mktemp -d /tmp/sdqn_slurm_XXXXXX) # munge wants a path that others cannot change, and a short one
export SLURM_CONF="$base/slurm.conf"
daemons=
end() {
    for process in $daemons; do kill "$process" 2>/dev/null; done
    for process in $daemons; do wait "$process" 2>/dev/null; done
    rm -rf "$base"
}
trap end EXIT
trap 'exit 1' INT TERM

chmod 755 "$base" && mkdir "$base/munge" "$base/state" "$base/spool"
dd if=/dev/urandom of="$base/key" bs=128 count=1 2>/dev/null && chmod 400 "$base/key"
host=$(hostname -s)
cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$base/munge/socket
CredType=cred/munge
StateSaveLocation=$base/state
SlurmdSpoolDir=$base/spool
SlurmctldPidFile=$base/slurmctld.pid
SlurmdPidFile=$base/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=60 State=UP
CONF
munged --foreground --force --socket="$base/munge/socket" --key-file="$base/key" --log-file="$base/munged.log" \
    --pid-file="$base/munge/pid" --seed-file="$base/munge/seed" >"$folder/munged.log" 2>&1 &
daemons="$daemons $!"
until_true() { # until_true SECONDS COMMAND...
    left=$1
    shift
    while [ "$left" -gt 0 ] && ! "$@" >/dev/null 2>&1; do sleep 1 && left=$((left - 1)); done
    "$@" >/dev/null 2>&1
}
until_true 20 test -S "$base/munge/socket"
slurmctld -D -c >"$folder/slurmctld.log" 2>&1 &
daemons="$daemons $!"
slurmd -D >"$folder/slurmd.log" 2>&1 &
daemons="$daemons $!"
is_idle() { sinfo -h -o %T | grep -q '^idle$'; }
until_true 60 is_idle
verdict $? "Slurm runs here with one node" "$folder/slurmctld.log"
[ "$failed" = 0 ] || finish

cat >"$folder/small.yaml" <<'STUDY'
name: small
settings: {episodes: 9, batch_size: 8, min_replay_size: 100, replay_capacity: 500, hidden1_size: 16, hidden2_size: 8, final_episodes: 2,
  evaluation_period: 3, evaluation_episodes: 1}
tuning: {seeds: 101-102, select: area, grid: {learning_rate: [1e-3, 2.5e-4]}, arms: [shared]}
tiers:
  first: {seeds: 1-2, arms: {shared: {method: shared}, independent: {method: independent}}}
  second: {seeds: [2], arms: {onehot: {method: shared, conditioning: onehot, tuned_as: shared}}}
comparisons: [[shared, independent], [onehot, shared]]
STUDY
rm -rf "$folder/here" "$folder/slurm" "$folder/long"
queue_is_empty() { [ -z "$(squeue -h)" ]; }
same_results() {
    "$program" study "$folder/small.yaml" --out "$folder/here" &&
        "$program" study "$folder/small.yaml" --out "$folder/slurm" --slurm --submit && until_true 300 queue_is_empty &&
        "$program" study "$folder/small.yaml" --out "$folder/slurm" --report && diff -r "$folder/here/results" "$folder/slurm/results" &&
        [ -e "$folder/slurm/results/onehot-seed2.json" ] && cmp "$folder/here/report.md" "$folder/slurm/report.md"
}
same_results >"$folder/same.log" 2>&1
verdict $? "job arrays make the results of processes here" "$folder/same.log"

printf 'name: long\nseeds: 1\nsettings: {episodes: 150, final_episodes: 5, evaluation_period: 50}\narms: {shared: {method: shared}}\n' \
    >"$folder/long.yaml"
goes_on() {
    "$program" study "$folder/long.yaml" --out "$folder/long" --slurm --submit || return 1
    until_true 60 test -s "$folder/long/runs/shared-seed1/metrics.jsonl" || return 1
    scancel -u root && until_true 60 queue_is_empty || return 1
    [ ! -e "$folder/long/results/shared-seed1.json" ] || return 1
    until_true 20 ls "$folder"/long/runs/shared-seed1/checkpoints/*state* || return 1
    lines=$(wc -l <"$folder/long/runs/shared-seed1/metrics.jsonl")
    "$program" study "$folder/long.yaml" --out "$folder/long" --slurm --submit && until_true 300 queue_is_empty || return 1
    echo "cancelled after $lines episodes" && [ "$lines" -lt 150 ] && [ -e "$folder/long/results/shared-seed1.json" ]
}
goes_on >"$folder/goes_on.log" 2>&1
verdict $? "a run that is cancelled goes on when it is submitted again" "$folder/goes_on.log"
finish
