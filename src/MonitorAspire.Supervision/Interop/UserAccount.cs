using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace MonitorAspire.Supervision.Interop;

/// <summary>A user as the system knows it: getpwnam(3), so that LDAP and the like count too.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe record UserAccount(uint Uid, uint Gid, string Name, string Home)
{
    // Enough for every entry: sysconf(_SC_GETPW_R_SIZE_MAX) is 1 KiB, and a group may have thousands of members.
    private const int BufferSize = 256 * 1024;

    // capabilities(7)
    private const int SetGid = 6;
    private const int SetUid = 7;
    private const int SysResource = 24;

    // struct passwd: name, password, uid, gid, comment, home, shell. struct group: name, password, gid, members. Of glibc and musl, on 64 bit.
    private const int UidOffset = 16;
    private const int GidOffset = 20;
    private const int HomeOffset = 32;
    private const int GroupGidOffset = 16;

    /// <summary>The user of this process.</summary>
    internal static uint CurrentUid => LibC.geteuid();

    /// <summary>The group of this process.</summary>
    internal static uint CurrentGid => LibC.getegid();

    /// <summary>Whether this process may become any user and any group. Root may, unless a container has taken that from it.</summary>
    internal static bool MayChange => HasCapability(SetGid) && HasCapability(SetUid);

    /// <summary>Whether this process may raise a hard limit.</summary>
    internal static bool MayRaiseLimits => HasCapability(SysResource);

    /// <summary>The user with a name, or with a number; <see langword="null"/> where there is none.</summary>
    internal static UserAccount? Find(string user)
    {
        var entry = stackalloc byte[64];
        var buffer = (byte*)NativeMemory.Alloc(BufferSize);
        try
        {
            nint found;
            _ = LibC.getpwnam_r(user, entry, buffer, BufferSize, &found);
            if (found == 0 && IsNumber(user, out var uid))
            {
                _ = LibC.getpwuid_r(uid, entry, buffer, BufferSize, &found);
            }

            return found == 0 ? null : new UserAccount(*(uint*)(entry + UidOffset), *(uint*)(entry + GidOffset), Text(*(nint*)entry), Text(*(nint*)(entry + HomeOffset)));
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    /// <summary>The number of a group, by its name or its number. A number need not be known to the system.</summary>
    internal static uint? FindGroup(string group)
    {
        var entry = stackalloc byte[64];
        var buffer = (byte*)NativeMemory.Alloc(BufferSize);
        try
        {
            nint found;
            _ = LibC.getgrnam_r(group, entry, buffer, BufferSize, &found);
            return found != 0 ? *(uint*)(entry + GroupGidOffset) : IsNumber(group, out var gid) ? gid : null;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    /// <summary>The hard limit of a resource that this process has. <see cref="ulong.MaxValue"/> is none.</summary>
    internal static ulong HardLimit(int resource)
    {
        var limits = stackalloc ulong[2];
        return LibC.prlimit(0, resource, null, limits) == 0 ? limits[1] : ulong.MaxValue;
    }

    // CapEff:	000001ffffffffff
    private static bool HasCapability(int number)
    {
        const string name = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(line.AsSpan(name.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var set) && ((set >> number) & 1) != 0;
    }

    private static bool IsNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "";
}
