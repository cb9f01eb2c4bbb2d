using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

/// <summary>What became of a look at a file of <c>/proc</c>.</summary>
internal enum ProcAccess
{
    /// <summary>It was read.</summary>
    Ok,

    /// <summary>It is not there: mostly the process ended.</summary>
    Missing,

    /// <summary>It is there but cannot be read: no permission, or out of descriptors. Says nothing about life and death.</summary>
    Unreadable,
}

/// <summary>One file, wherever it is mounted or linked to.</summary>
/// <param name="DeviceMajor">Device of its file system, major number.</param>
/// <param name="DeviceMinor">Device of its file system, minor number.</param>
/// <param name="Inode">Its inode.</param>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);

/// <summary>Raw access to <c>/proc</c>, or to a directory of recorded files that looks like it. Knows no formats.</summary>
/// <param name="root">Absolute path of the directory.</param>
internal sealed class ProcFiles(string root)
{
    private const int NameOffset = 19; // of d_name in struct dirent: ino 8, off 8, reclen 2, type 1

    /// <summary>The directory.</summary>
    public string Root => root;

    /// <summary>Whether this is the kernel's own and not a recording.</summary>
    public bool IsReal => root == "/proc";

    /// <summary>Reads a whole file. The kernel's files have no size to ask for, so it is read to its end.</summary>
    /// <param name="path">Path below the root.</param>
    /// <param name="buffer">Is emptied and filled.</param>
    public unsafe ProcAccess Read(string path, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        var descriptor = LibC.Open($"{root}/{path}", LibC.OpenReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            return OfLastError();
        }

        try
        {
            while (true)
            {
                var space = buffer.GetSpan(512);
                nint count;
                fixed (byte* start = space)
                {
                    count = LibC.Read(descriptor, start, (nuint)space.Length);
                }

                switch (count)
                {
                    case > 0:
                        buffer.Advance((int)count);
                        break;
                    case 0:
                        return ProcAccess.Ok;
                    default:
                        if (Marshal.GetLastPInvokeError() != LibC.Eintr)
                        {
                            return OfLastError();
                        }

                        break;
                }
            }
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    /// <summary>Reads what a symbolic link says.</summary>
    /// <param name="path">Path below the root.</param>
    /// <param name="target">Receives the text.</param>
    /// <param name="length">Bytes received; as many as fit.</param>
    public unsafe ProcAccess ReadLink(string path, Span<byte> target, out int length)
    {
        nint count;
        fixed (byte* start = target)
        {
            count = LibC.ReadLink($"{root}/{path}", start, (nuint)target.Length);
        }

        length = (int)Math.Max(count, 0);
        return count < 0 ? OfLastError() : ProcAccess.Ok;
    }

    /// <summary>Reads what a symbolic link says, as text.</summary>
    /// <param name="path">Path below the root.</param>
    public string? ReadLink(string path)
    {
        Span<byte> target = stackalloc byte[4096];
        return ReadLink(path, target, out var length) == ProcAccess.Ok ? Encoding.UTF8.GetString(target[..length]) : null;
    }

    /// <summary>Which file a path leads to, links followed; no network file system is waited for.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="identity">The file.</param>
    /// <param name="deleted">Whether no directory names it any more.</param>
    public static unsafe ProcAccess Stat(string path, out FileIdentity identity, out bool deleted)
    {
        LibC.StatxBuffer buffer = default;
        if (LibC.Statx(LibC.AtCurrentDirectory, path, LibC.AtStatxDontSync, LibC.StatxBasicStats, &buffer) != 0)
        {
            identity = default;
            deleted = false;
            return OfLastError();
        }

        identity = new FileIdentity(buffer.DeviceMajor, buffer.DeviceMinor, buffer.Inode);
        deleted = buffer.LinkCount == 0;
        return ProcAccess.Ok;
    }

    /// <summary>The entries of a directory whose names are numbers: processes, threads or descriptors.</summary>
    /// <param name="path">Path below the root; empty for the root itself.</param>
    /// <param name="numbers">Is emptied and filled.</param>
    public ProcAccess ListNumbers(string path, List<int> numbers)
    {
        numbers.Clear();
        var full = path.Length == 0 ? root : $"{root}/{path}";
        return Environment.Is64BitProcess ? ListNatively(full, numbers) : ListPortably(full, numbers);
    }

    /// <summary>The open descriptors of a process.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="descriptors">Is emptied and filled.</param>
    /// <param name="directory">Where they are, below the root.</param>
    public ProcAccess ListDescriptors(int pid, List<int> descriptors, out string directory)
    {
        directory = $"{pid}";
        var access = ListNumbers($"{directory}/fd", descriptors);
        if (access == ProcAccess.Missing || descriptors.Count > 0)
        {
            return access;
        }

        // The directory shows the main thread's descriptors. Where that has ended (pthread_exit in main), it is empty or, to a
        // plain user, closed; the other threads still have them.
        var threads = new List<int>();
        _ = ListNumbers($"{pid}/task", threads);
        foreach (var thread in threads)
        {
            if (thread == pid)
            {
                continue;
            }

            directory = $"{pid}/task/{thread}";
            access = ListNumbers($"{directory}/fd", descriptors);
            if (access == ProcAccess.Unreadable || descriptors.Count > 0)
            {
                break; // what is closed for one is closed for all
            }
        }

        return access == ProcAccess.Unreadable ? access : ProcAccess.Ok;
    }

    private static unsafe ProcAccess ListNatively(string path, List<int> numbers)
    {
        var directory = LibC.OpenDirectory(path);
        if (directory == 0)
        {
            return OfLastError();
        }

        try
        {
            for (var entry = LibC.ReadDirectory(directory); entry is not null; entry = LibC.ReadDirectory(directory))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
                if (Utf8Parser.TryParse(name, out int number, out var consumed) && consumed == name.Length)
                {
                    numbers.Add(number);
                }
            }

            return ProcAccess.Ok;
        }
        finally
        {
            _ = LibC.CloseDirectory(directory);
        }
    }

    // struct dirent differs on 32 bits; System.IO costs one more stat for each link there.
    private static ProcAccess ListPortably(string path, List<int> numbers)
    {
        try
        {
            var entries = new FileSystemEnumerable<int>(
                path,
                static (ref FileSystemEntry entry) => int.Parse(entry.FileName, CultureInfo.InvariantCulture))
            {
                ShouldIncludePredicate = static (ref FileSystemEntry entry) => int.TryParse(entry.FileName, CultureInfo.InvariantCulture, out _),
            };
            numbers.AddRange(entries);
            return ProcAccess.Ok;
        }
        catch (DirectoryNotFoundException)
        {
            return ProcAccess.Missing;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return ProcAccess.Unreadable;
        }
    }

    private static ProcAccess OfLastError() => Marshal.GetLastPInvokeError() is LibC.Enoent or LibC.Esrch or LibC.Enotdir
        ? ProcAccess.Missing
        : ProcAccess.Unreadable;
}
