using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>Receives datagrams with the PID of their sender, which the kernel tells (<c>SCM_CREDENTIALS</c> in unix(7)). Linux.</summary>
internal static unsafe class CredentialMessage
{
    internal const int OptionLevel = 1; // SOL_SOCKET
    internal const int PassCredentials = 16; // SO_PASSCRED

    private const int Credentials = 2; // SCM_CREDENTIALS
    private const int DontWait = 0x40;
    private const int HeaderLength = 16;

    /// <summary>Receives one datagram without waiting. Returns its length, or -1; the PID is 0 where the kernel did not tell it.</summary>
    internal static int Receive(int descriptor, Span<byte> buffer, out int pid)
    {
        // Room for the credentials only: descriptors that come with the datagram do not fit, and the kernel closes them.
        var control = stackalloc long[4];
        pid = 0;
        fixed (byte* start = buffer)
        {
            var part = new Part { Start = start, Length = (nuint)buffer.Length };
            var message = new Message { Parts = &part, PartCount = 1, Control = (byte*)control, ControlLength = 32 };
            var length = LibC.recvmsg(descriptor, &message, DontWait);

            // struct cmsghdr: length(8) level(4) type(4), then struct ucred: pid(4) uid(4) gid(4).
            var header = (int*)control;
            if (length >= 0 && message.ControlLength >= HeaderLength + 12 && header[2] == OptionLevel && header[3] == Credentials)
            {
                pid = header[4];
            }

            return (int)length;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Part
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary><c>struct msghdr</c> on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
