using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>One thread waits for all watched processes, without polling: a pidfd becomes readable as soon as its process ends, child or not.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class ExitWatcher
{
    private const short Readable = 1;
    private const int EventFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK

    private readonly ConcurrentQueue<Watched> _arrivals = new();
    private readonly int _wakeUp;

    private ExitWatcher()
    {
        _wakeUp = LibC.eventfd(0, EventFlags);
        if (_wakeUp < 0)
        {
            throw new IOException($"eventfd: {Errno.Describe(Marshal.GetLastPInvokeError())}");
        }

        new Thread(Run) { IsBackground = true, Name = "process exits" }.Start();
    }

    internal static ExitWatcher Shared { get; } = new();

    /// <summary>Completes when the process behind the descriptor ends. The descriptor is closed then.</summary>
    internal Task<ProcessExit> Watch(SafeFileHandle descriptor, int pid, bool isChild)
    {
        var watched = new Watched(descriptor, pid, isChild, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _arrivals.Enqueue(watched);
        var one = 1UL;
        _ = LibC.write(_wakeUp, &one, sizeof(ulong));
        return watched.Exit.Task;
    }

    private void Run()
    {
        var watched = new List<Watched>();
        while (true)
        {
            var descriptors = new LibC.PollDescriptor[watched.Count + 1];
            descriptors[0] = new() { Fd = _wakeUp, Events = Readable };
            for (var i = 0; i < watched.Count; i++)
            {
                descriptors[i + 1] = new() { Fd = (int)watched[i].Descriptor.DangerousGetHandle(), Events = Readable };
            }

            fixed (LibC.PollDescriptor* pointer = descriptors)
            {
                if (LibC.poll(pointer, (nuint)descriptors.Length, -1) < 0)
                {
                    continue;
                }
            }

            for (var i = watched.Count - 1; i >= 0; i--)
            {
                if (descriptors[i + 1].ReturnedEvents != 0)
                {
                    Complete(watched[i]);
                    watched.RemoveAt(i);
                }
            }

            ulong count;
            _ = LibC.Read(_wakeUp, (byte*)&count, sizeof(ulong));
            while (_arrivals.TryDequeue(out var arrival))
            {
                watched.Add(arrival);
            }
        }
    }

    private static void Complete(Watched watched)
    {
        var exit = watched.IsChild ? ChildExit.TryReap(watched.Pid) ?? ProcessExit.Unknown : ProcessExit.Unknown;
        watched.Descriptor.Dispose();
        watched.Exit.SetResult(exit);
    }

    private sealed record Watched(SafeFileHandle Descriptor, int Pid, bool IsChild, TaskCompletionSource<ProcessExit> Exit);
}
