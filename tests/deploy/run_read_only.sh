#!/bin/sh
# Run the migration and all roles of an image, with a read-only root, in namespaces that
# the caller has made: run_read_only.sh ROOT USER:GROUP ENTRYPOINT [VARIABLE=VALUE…]
set -eu
root=$1 user=$2 entrypoint=$3
shift 3
data=$root/var/lib/coupons
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for device in null urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs -o "mode=700,uid=${user%:*},gid=${user#*:}" data "$data"
mount -o remount,bind,ro "$root"
# Not by exec: the kernel would forget to end the namespace with the caller when the user
# of its first process changes.
chroot --userspec="$user" "$root" env -i "$@" sh -euc '
    if touch /opt/coupons/new 2>/dev/null; then
        echo "The root is writable." >&2
        exit 1
    fi
    couponctl db upgrade
    for role in admin query workers; do
        "$0" serve "$role" &
    done
    wait
' "$entrypoint"
exit
