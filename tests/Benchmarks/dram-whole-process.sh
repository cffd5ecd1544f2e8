#!/usr/bin/env bash
# Times `pimsim dram` as a whole process on one core: start, reading the trace, simulation, statistics. Prints requests/s and simulated
# cycles/s of the median of REPEATS runs, the traffics in turns. Usage, from the project's folder:
#   tests/Benchmarks/dram-whole-process.sh [REPEATS]
set -eu
cd "$(dirname "$0")/../.."
repeats=${1:-5}
count=1000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish Cli -c Release -o "$work/pimsim" > /dev/null
dotnet build tests/Benchmarks -c Release > /dev/null
for memory in ddr4-2400-8gb-x8 hbm2-2.0; do
  for kind in stream random sparse; do
    dotnet run --no-build --project tests/Benchmarks -c Release -- dram-trace $memory $kind $count "$work/$memory-$kind.trace"
  done
done
for run in $(seq "$repeats"); do
  for memory in ddr4-2400-8gb-x8 hbm2-2.0; do
    for kind in stream random sparse; do
      start=$(date +%s%N)
      taskset -c 0 "$work/pimsim/pimsim" dram "$work/$memory-$kind.trace" --config $memory --mapping RoBaBgRaPcCoCh --format json > "$work/out.json"
      end=$(date +%s%N)
      cycles=$(sed -nE 's/^  "cycles": ([0-9]+),/\1/p' "$work/out.json")
      echo "$memory $kind $(((end - start) / 1000)) $cycles" >> "$work/times"
    done
  done
done
echo "memory traffic milliseconds requests/s cycles/s (median of $repeats)"
sort -k1,2 -k3n "$work/times" | awk -v n="$repeats" -v count=$count '
  { key = $1 " " $2; seen[key]++; if (seen[key] == int((n + 1) / 2)) printf "%s %.0f %.2fM %.1fM\n", key, $3 / 1000, count / $3, $4 / $3 }'
