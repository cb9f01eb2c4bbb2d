using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Identity.Linux;

internal enum ProcAccess
{
    Ok,

    /// <summary>It does not exist, mostly because the process has ended.</summary>
    Missing,

    /// <summary>It exists but cannot be read: no permission, or no descriptors left. Whether the process lives is unknown.</summary>
    Unreadable,
}

/// <summary>Reads files of <c>/proc</c>, or of a directory of recorded files with the same layout. Parses nothing.</summary>
internal sealed class ProcFiles(string root)
{
    private const int LongestSocketLink = 64;
    private const int NameOffset = 19; // of d_name in struct dirent: ino 8, off 8, reclen 2, type 1

    public string Root => root;

    /// <summary>Whether this is the kernel's <c>/proc</c> and not a directory of recorded files.</summary>
    public bool IsReal => root == "/proc";

    /// <summary>Reads a whole file. The kernel tells no size for these files, so it is read to its end. The buffer is emptied first.</summary>
    /// <param name="path">The path below the root.</param>
    /// <param name="buffer">Gets the content.</param>
    /// <param name="isOneRecord">Whether the kernel makes the whole content at once, as for <c>PID/stat</c>. Then a read that does not fill the buffer was the last one.</param>
    public unsafe ProcAccess Read(string path, ArrayBufferWriter<byte> buffer, bool isOneRecord = false)
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
                        if (isOneRecord && count < space.Length)
                        {
                            return ProcAccess.Ok;
                        }

                        break;
                    case 0:
                        return ProcAccess.Ok;
                    default:
                        if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
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

    /// <summary>Reads the target of a symbolic link. A longer target is cut.</summary>
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

    public string? ReadLink(string path)
    {
        Span<byte> target = stackalloc byte[4096];
        return ReadLink(path, target, out var length) == ProcAccess.Ok ? Encoding.UTF8.GetString(target[..length]) : null;
    }

    /// <summary>Identifies the file of a path. Links are followed; a network file system is not waited for. Of a deleted file only descriptors are left.</summary>
    public static ProcAccess Stat(string path, out FileIdentity identity, out bool deleted)
    {
        if (!TryStat(path, out var buffer))
        {
            identity = default;
            deleted = false;
            return OfLastError();
        }

        identity = buffer.Identity;
        deleted = buffer.LinkCount == 0;
        return ProcAccess.Ok;
    }

    /// <summary>The entries of a directory whose names are numbers: processes, threads or descriptors. An empty path is the root itself.</summary>
    public ProcAccess ListNumbers(string path, List<int> numbers)
    {
        numbers.Clear();
        var full = path.Length == 0 ? root : $"{root}/{path}";
        return Environment.Is64BitProcess ? ListNatively(full, numbers) : ListPortably(full, numbers);
    }

    /// <summary>The open descriptors of a process, in a list that is emptied first, and the directory that has them, below the root.</summary>
    public ProcAccess ListDescriptors(int pid, List<int> descriptors, out string directory)
    {
        directory = $"{pid}";
        var access = ListNumbers($"{directory}/fd", descriptors);
        if (access == ProcAccess.Missing || descriptors.Count > 0 || HasOneThread(pid))
        {
            return access;
        }

        // The directory shows the descriptors of the main thread. Where the main thread has ended (pthread_exit in main), it is empty or,
        // for other users than root, not readable. The other threads still show the descriptors.
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
                break; // not readable for one thread means not readable for all
            }
        }

        return access == ProcAccess.Unreadable ? access : ProcAccess.Ok;
    }

    /// <summary>Whether a process has one thread, as each thread of the kernel has. One question to the kernel: no directory is read.</summary>
    public bool HasOneThread(int pid)
    {
        const int LinksOfOne = 3; // of the directory of the threads: its name, its dot, and the thread
        return TryStat($"{root}/{pid}/task", out var buffer) && buffer.LinkCount == LinksOfOne;
    }

    /// <summary>
    /// Calls back with the number and the target of each link in a directory, until the callback returns false. Links whose names are no numbers are
    /// left out, and longer targets than 64 bytes are cut: such a descriptor is no socket. Returns how many there were.
    /// </summary>
    /// <remarks>No text is made for each link: a process may have ten thousand descriptors.</remarks>
    public unsafe int ForEachLink(string path, LinkVisitor visit)
    {
        var directory = LibC.OpenDirectory($"{root}/{path}");
        if (directory == 0)
        {
            return 0;
        }

        var target = stackalloc byte[LongestSocketLink];
        var links = 0;
        try
        {
            for (var entry = LibC.ReadDirectory(directory); entry is not null; entry = LibC.ReadDirectory(directory))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
                if (Utf8Parser.TryParse(name, out int number, out var consumed) && consumed == name.Length)
                {
                    links++;
                    var length = LibC.ReadLinkAt(LibC.DirectoryDescriptor(directory), entry + NameOffset, target, LongestSocketLink);
                    if (length > 0 && !visit(number, new ReadOnlySpan<byte>(target, (int)length)))
                    {
                        break;
                    }
                }
            }

            return links;
        }
        finally
        {
            _ = LibC.CloseDirectory(directory);
        }
    }

    /// <summary>
    /// Calls back with the number of each link in a directory, the file that it leads to, and whether that was deleted. Returns how many there were.
    /// </summary>
    /// <remarks>From the directory, the kernel finds a file in half of the time that it needs for a whole path.</remarks>
    public unsafe int ForEachFile(string path, Action<int, FileIdentity, bool> visit)
    {
        var directory = Environment.Is64BitProcess ? LibC.OpenDirectory($"{root}/{path}") : 0;
        if (directory == 0)
        {
            return 0;
        }

        var files = 0;
        try
        {
            LibC.StatxBuffer buffer = default;
            for (var entry = LibC.ReadDirectory(directory); entry is not null; entry = LibC.ReadDirectory(directory))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
                if (Utf8Parser.TryParse(name, out int number, out var consumed) && consumed == name.Length)
                {
                    files++;
                    if (LibC.Statx(LibC.DirectoryDescriptor(directory), entry + NameOffset, LibC.AtStatxDontSync, LibC.StatxBasicStats, &buffer) == 0)
                    {
                        visit(number, buffer.Identity, buffer.LinkCount == 0);
                    }
                }
            }

            return files;
        }
        finally
        {
            _ = LibC.CloseDirectory(directory);
        }
    }

    private static unsafe bool TryStat(string path, out LibC.StatxBuffer buffer)
    {
        buffer = default;
        fixed (LibC.StatxBuffer* filled = &buffer)
        {
            return LibC.Statx(LibC.AtCurrentDirectory, path, LibC.AtStatxDontSync, LibC.StatxBasicStats, filled) == 0;
        }
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

    // struct dirent has another layout on 32 bits, so System.IO is used there. It costs one more stat for each link.
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

    private static ProcAccess OfLastError() => Marshal.GetLastPInvokeError() is Errno.NoEntry or Errno.NoProcess or Errno.NotADirectory
        ? ProcAccess.Missing
        : ProcAccess.Unreadable;
}

/// <summary>Gets the number and the target of a link. False ends the search.</summary>
internal delegate bool LinkVisitor(int number, ReadOnlySpan<byte> target);
