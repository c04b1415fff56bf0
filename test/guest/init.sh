#!/bin/busybox sh
# First process of a guest. Brings up what programs expect of a small system, then runs the agent; when
# that ends, so does the machine.
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /root /bin /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root NO_COLOR=1 NODE_COMPILE_CACHE=/run/compiled
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
# Whoever traces anything would patch the scheduler, to learn the names of processes: while its
# processors run that very code, an emulated kernel breaks (Oops: int3).
echo norecord-cmd > /sys/kernel/tracing/trace_options
hostname guest
ip link set lo up
# Memory that a host adds can then be taken away again.
echo online_movable > /sys/devices/system/memory/auto_online_blocks
for module in $(cat /modules/order); do
  insmod "/modules/$module.ko" || echo "init: $module can't be loaded"
done
# An emulated processor compiles slowly: what it has compiled now is in the state that is saved.
node /app/import-packages.js
node /rig/agent.js
echo "init: the agent ended with status $?"
echo o > /proc/sysrq-trigger
sleep 60
