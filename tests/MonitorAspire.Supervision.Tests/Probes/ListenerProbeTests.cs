using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Supervision.Tests.Probes.Linux;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Probes;

public class ListenerProbeTests
{
    private static readonly ListenerProbe Live = ListenerProbe.Current;

    [Fact]
    public void Find_RecordedFiles_JoinsBothFamilies()
    {
        using var proc = Recorded();

        Assert.Equal(["127.0.0.1:8768", "[::1]:8768"], new ListenerProbe(proc.Table()).Find(8768).Select(listener => listener.EndPoint.ToString()));
        Assert.Empty(new ListenerProbe(proc.Table()).Find(80));
    }

    [Fact]
    public void Find_NoIPv6_StillFindsIPv4()
    {
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);

        Assert.Single(new ListenerProbe(proc.Table()).Find(8768));
    }

    [Fact]
    public void FindOwners_RecordedFiles_IgnoresClients()
    {
        using var proc = Recorded();
        proc.Add(10, 1).Link("10/fd/3", "/dev/null").Link("10/fd/4", "socket:[177631]");
        proc.Add(11, 1).Link("11/fd/3", "socket:[177636]"); // the client of 8768
        proc.Add(12, 1).Link("12/fd/3", "socket:[177631]").Link("12/fd/5", "socket:[177631]"); // inherited, and duplicated

        var owners = new ListenerProbe(proc.Table()).FindOwners(8768);

        Assert.Equal([10, 12], owners.Single(owner => owner.Listener.Inode == 177631).Pids.Order());
        Assert.Empty(owners.Single(owner => owner.Listener.Inode == 177632).Pids);
    }

    [Fact]
    public void FindOwners_CandidateHasIt_OtherProcessesAreNotSearched()
    {
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);
        proc.Add(10, 1).Link("10/fd/4", "socket:[177631]").Add(12, 1).Link("12/fd/3", "socket:[177631]");

        Assert.Equal([10], Assert.Single(new ListenerProbe(proc.Table()).FindOwners(8768, [10])).Pids);
        Assert.Equal([10, 12], Assert.Single(new ListenerProbe(proc.Table()).FindOwners(8768, [4711])).Pids.Order());
    }

    [Fact]
    public void FindOwners_SocketWasMovedOrClosed_IsLookedForAgain()
    {
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);
        proc.Add(10, 1).Link("10/fd/4", "socket:[177631]").Add(12, 1);
        var probe = new ListenerProbe(proc.Table());
        Assert.Equal([10], Assert.Single(probe.FindOwners(8768, [10])).Pids);

        // The descriptor of the last time has another socket now.
        File.Delete(Path.Combine(proc.Root, "10/fd/4"));
        proc.Link("10/fd/4", "socket:[4711]").Link("10/fd/7", "socket:[177631]");
        Assert.Equal([10], Assert.Single(probe.FindOwners(8768, [10])).Pids);
        Assert.Equal([10], Assert.Single(probe.FindOwners(8768, [10])).Pids);

        File.Delete(Path.Combine(proc.Root, "10/fd/7"));
        proc.Link("12/fd/7", "socket:[177631]");
        Assert.Equal([12], Assert.Single(probe.FindOwners(8768, [10])).Pids);
    }

    [Fact]
    public void FindShared_OfAnyAge_SeesItsPortOnlyAndNothingOlder()
    {
        var probe = new ListenerProbe(ProcessTable.Current);
        using var first = Listen(IPAddress.Loopback);
        using var second = Listen(IPAddress.Loopback);
        var (one, two) = (PortOf(first), PortOf(second));
        foreach (var port in (int[])[one, two, one, two])
        {
            Assert.Equal(port, Assert.Single(probe.FindShared(port, TimeSpan.FromMinutes(10))).EndPoint.Port);
        }

        second.Dispose();

        Assert.Single(probe.FindShared(two, TimeSpan.FromMinutes(10))); // the shared look is older than that
        Assert.Empty(probe.FindShared(two, TimeSpan.Zero));
        Assert.Empty(probe.FindShared(two, TimeSpan.FromTicks(1)));

        static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [Fact]
    public void ToPortOwner_OwnerNotVisible_HasTheAddressOnly()
    {
        using var proc = Recorded();

        var owner = new ListenerProbe(proc.Table()).FindOwners(8769)[0].ToPortOwner(proc.Table());

        Assert.Null(owner.Pid);
        Assert.Equal("a process that this user may not inspect, on [::]:8769", owner.ToString());
    }

    [Fact]
    public void ToPortOwner_InheritedByChildren_IsTheirParent()
    {
        // The children have lower PIDs than their parent: after the highest PID the kernel starts again with low ones.
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);
        proc.Add(10, 5, parent: 11).Link("10/fd/4", "socket:[177631]").Add(11, 4, parent: 12).Link("11/fd/4", "socket:[177631]");
        proc.Add(12, 1).Link("12/fd/4", "socket:[177631]");

        var found = Assert.Single(new ListenerProbe(proc.Table()).FindOwners(8768));

        Assert.Equal(12, found.ToPortOwner(proc.Table()).Pid);
        Assert.Equal(12, (found with { Pids = [.. found.Pids.Order()] }).ToPortOwner(proc.Table()).Pid);
        Assert.Equal(99, (found with { Pids = [99] }).ToPortOwner(proc.Table()).Pid); // it has ended
    }

    [Fact]
    public void ListenersOf_Process_GivesAllItsSockets()
    {
        using var proc = Recorded();
        proc.Add(10, 1).Link("10/fd/4", "socket:[177634]").Link("10/fd/5", "socket:[177638]");
        var probe = new ListenerProbe(proc.Table());

        Assert.Equal(["[::]:8769"], probe.ListenersOf([10]).Select(listener => listener.EndPoint.ToString()));
        Assert.Empty(probe.ListenersOf([11]));
        Assert.Empty(probe.ListenersOf([]));
    }

    [Fact]
    public void ListenersOf_MainThreadEnded_GivesAllItsSockets()
    {
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);
        proc.Add(10, 1, state: 'Z', threads: 2).Link("10/task/11/fd/7", "socket:[177631]").Link("10/task/11/fd/8", "socket:[1525]");
        Directory.CreateDirectory(Path.Combine(proc.Root, "10/task/10/fd"));

        Assert.Equal([2024, 8768], new ListenerProbe(proc.Table()).ListenersOf([10]).Select(listener => listener.EndPoint.Port).Order());
    }

    [Fact]
    public void FindOwners_CandidateHasOneOfTwoSockets_TheOtherOwnerIsFoundEachTime()
    {
        using var proc = Recorded();
        proc.Add(10, 1).Link("10/fd/4", "socket:[177631]").Add(12, 1).Link("12/fd/4", "socket:[177632]");
        var probe = new ListenerProbe(proc.Table());

        foreach (var _ in (int[])[1, 2])
        {
            Assert.Equal([(177631, 10), (177632, 12)], probe.FindOwners(8768, [10]).Select(owner => (owner.Listener.Inode, Assert.Single(owner.Pids))));
        }
    }

    [Fact]
    public void CanProveOwnership_SocketsAndDescriptorsCanBeRead_IsTrue()
    {
        using var proc = new RecordedProc();
        Assert.False(new ListenerProbe(proc.Table()).CanProveOwnership);
        proc.Add(1, 1);
        Assert.True(new ListenerProbe(proc.Table()).CanProveOwnership);
        File.Delete(Path.Combine(proc.Root, "net/tcp"));
        Assert.False(new ListenerProbe(proc.Table()).CanProveOwnership);
        Assert.Equal(OperatingSystem.IsLinux(), new ListenerProbe(ProcessTable.Current).CanProveOwnership);
    }

    [Fact]
    public void CanProveOwnership_NoProc_IsFalse()
    {
        Assert.False(new ListenerProbe(new LinuxProcesses(new ProcFiles("/nonexistent"))).CanProveOwnership);
        Assert.Equal(OperatingSystem.IsLinux(), Live.CanProveOwnership);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    public async Task FindOwners_OwnSocket_HasProcessAndAddress(string address)
    {
        using var socket = Listen(IPAddress.Parse(address));
        var endPoint = (IPEndPoint)socket.LocalEndPoint!;

        var found = Assert.Single(Live.FindOwners(endPoint.Port));

        Assert.Equal(endPoint, found.Listener.EndPoint);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux ties a socket to its process.");
        await OwnedByThisProcessAsync(endPoint.Port);
        Assert.Contains(Live.ListenersOf([Environment.ProcessId]), listener => listener.Inode == found.Listener.Inode);
        Assert.Equal(Environment.ProcessPath, (found with { Pids = [Environment.ProcessId] }).ToPortOwner(ProcessTable.Current).Executable);
    }

    [Fact]
    public async Task FindOwners_ClientInAnotherProcess_IsIgnored()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux ties a socket to its process.");
        using var socket = Listen(IPAddress.Loopback);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        using var client = PythonProcess.Start("""
            import os, socket
            connection = socket.create_connection(("127.0.0.1", int(os.environ["AT"])))
            print("ready", flush=True)
            """, ("AT", $"{port}"));
        using var accepted = socket.Accept();

        await OwnedByThisProcessAsync(port, client.Pid);
        Assert.Empty(Live.ListenersOf([client.Pid]));

        // Without the listener only the ends of a connection are left, and no owner.
        socket.Dispose();
        await Wait.UntilAsync(() => Live.FindOwners(port).Count == 0, "no owner");
    }

    [Fact]
    public void FindOwners_ForkedAfterListening_GivesAllProcesses()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux ties a socket to its process.");
        using var helper = PythonProcess.Start("""
            import os, socket, sys
            server = socket.create_server(("127.0.0.1", 0))
            child = os.fork()
            if child == 0:
                sys.stdin.read()
                os._exit(0)
            print(server.getsockname()[1], child, flush=True)
            """);
        var numbers = helper.FirstLine.Split(' ').Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)).ToArray();

        Assert.Equal(new[] { helper.Pid, numbers[1] }.Order(), Assert.Single(Live.FindOwners(numbers[0])).Pids.Order());

        helper.Kill();
        Assert.Equal([numbers[1]], Assert.Single(Live.FindOwners(numbers[0])).Pids);
    }

    [Fact]
    public async Task FindServers_AcceptedConnection_AreTheProcessesOfItsOtherEnd()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux ties a socket to its process.");
        using var server = Listen(IPAddress.Loopback);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(server.LocalEndPoint!);
        var (near, far) = ((IPEndPoint)client.LocalEndPoint!, (IPEndPoint)client.RemoteEndPoint!);

        Assert.True(Live.WaitsForTheProcess(near, far));
        Assert.Empty(Live.FindServers(near, far, []));
        using (server.Accept())
        {
            Assert.False(Live.WaitsForTheProcess(near, far));
            Assert.Contains(Environment.ProcessId, Live.FindServers(near, far, []));
            Assert.Equal([Environment.ProcessId], Live.FindServers(near, far, [Environment.ProcessId]));
            Assert.Equal([Environment.ProcessId], Live.FindServers(near, far, [Environment.ProcessId])); // by the descriptor of the last time
            using var proc = Recorded();
            Assert.Empty(new ListenerProbe(proc.Table()).FindServers(near, far, [Environment.ProcessId])); // these are not the sockets of the recorded machine
        }

        await Wait.UntilAsync(() => Live.FindServers(near, far, []).Count == 0, "no server");
        Assert.False(Live.WaitsForTheProcess(near, far));
    }

    [Fact]
    public void Listeners_WithoutProc_HaveNoOwners()
    {
        var probe = new ListenerProbe(new PortableProcesses());
        using var socket = Listen(IPAddress.Loopback);
        var endPoint = (IPEndPoint)socket.LocalEndPoint!;

        var found = Assert.Single(probe.FindOwners(endPoint.Port));

        Assert.Equal((endPoint, 0), (found.Listener.EndPoint, found.Listener.Inode));
        Assert.Empty(found.Pids);
        Assert.Contains(probe.Find(null), listener => listener.EndPoint.Equals(endPoint));
        Assert.Empty(probe.ListenersOf([Environment.ProcessId]));
        Assert.Equal((0, TimeSpan.Zero), probe.FindTimeWait(endPoint.Port));
        Assert.False(probe.CanProveOwnership);
    }

    [Fact]
    public void FindOwners_MainThreadEnded_IsFoundByTheOtherThread()
    {
        using var proc = new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp);
        proc.Add(10, 1, state: 'Z', threads: 2).Link("10/task/11/fd/7", "socket:[177631]").Link("10/task/11/fd/8", "/dev/null");
        Directory.CreateDirectory(Path.Combine(proc.Root, "10/task/10/fd"));
        var probe = new ListenerProbe(proc.Table());

        Assert.Equal([10], Assert.Single(probe.FindOwners(8768)).Pids);
        Assert.Equal([8768], probe.ListenersOf([10]).Select(listener => listener.EndPoint.Port));
    }

    internal static Socket Listen(IPAddress address, int port = 0)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }

    // Another test may be starting a child. Until exec the child has all our descriptors.
    private static Task OwnedByThisProcessAsync(int port, params int[] candidatesFirst) => Wait.UntilAsync(
        () => Assert.Single(Live.FindOwners(port, candidatesFirst)).Pids.SequenceEqual([Environment.ProcessId]), "no child has the socket");

    private static RecordedProc Recorded() => new RecordedProc().Write("net/tcp", ProcNetTcpTests.Tcp).Write("net/tcp6", ProcNetTcpTests.Tcp6);
}
