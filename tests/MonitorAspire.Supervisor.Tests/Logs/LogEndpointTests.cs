using System.Globalization;
using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Logs;

public class LogEndpointTests
{
    [Theory]
    [InlineData("", "/api/daemons/alpha/logs", "")]
    [InlineData("a\nb\nc\n", "/api/daemons/alpha/logs", "a\nb\nc\n")]
    [InlineData("a\nb\nc\n", "/api/daemons/alpha/logs?tail=2", "b\nc\n")]
    [InlineData("a\nb\nc", "/api/daemons/alpha/logs?tail=2", "b\nc")]
    [InlineData("a\nb\nc\n", "/api/daemons/alpha/logs?tail=3", "a\nb\nc\n")]
    [InlineData("a\nb\n", "/api/daemons/alpha/logs?tail=0", "")]
    [InlineData("\n\n\n", "/api/daemons/alpha/logs?tail=1", "\n")]
    public async Task Get_Tail_IsTheLastLines(string content, string path, string expected)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await File.WriteAllTextAsync(supervisor.LogFile, content);

        var response = await supervisor.SendAsync(HttpMethod.Get, path);

        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Get_TailOverManyBlocks_IsTheLastLines()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var lines = Enumerable.Range(0, 5000).Select(i => $"{i:D5} {new string('x', 60)}").ToList();
        await File.WriteAllLinesAsync(supervisor.LogFile, lines);

        var text = await supervisor.GetStringAsync("/api/daemons/alpha/logs?tail=4000");

        Assert.Equal(lines[1000..], text.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Get_NoLogYet_IsEmpty()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Equal("", await supervisor.GetStringAsync("/api/daemons/alpha/logs"));
    }

    [Fact]
    public async Task Get_UnknownDaemon_Is404()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/beta/logs"), HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("tail=-1")]
    [InlineData("tail=1000000")]
    [InlineData("tail=abc")]
    [InlineData("follow=perhaps")]
    public async Task Get_BadQuery_Is400(string query)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, $"/api/daemons/alpha/logs?{query}"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Get_SymbolicLink_IsNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        await using var supervisor = await RunningSupervisor.StartAsync();
        var secret = supervisor.LogFile + ".secret";
        await File.WriteAllTextAsync(secret, "secret\n");
        File.CreateSymbolicLink(supervisor.LogFile, secret);

        Assert.Contains("symbolic link", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/alpha/logs"), HttpStatusCode.Conflict), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Directory_Is409()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        Directory.CreateDirectory(supervisor.LogFile);

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/alpha/logs?follow=true"), HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Follow_NewLines_ArriveAsTheyAreWritten()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await File.WriteAllTextAsync(supervisor.LogFile, "one\ntwo\n");
        using var stream = await supervisor.OpenAsync("/api/daemons/alpha/logs?tail=1&follow=true");
        Assert.Equal("two", await stream.ReadLineAsync().WaitAsync(Wait.Generous));

        await File.AppendAllTextAsync(supervisor.LogFile, "three\n");

        Assert.Equal("three", await stream.ReadLineAsync().WaitAsync(Wait.Generous));
    }

    [Fact]
    public async Task Follow_NoLogYet_WaitsForIt()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var stream = await supervisor.OpenAsync("/api/daemons/alpha/logs?follow=true");

        await File.WriteAllTextAsync(supervisor.LogFile, "first\n");

        Assert.Equal("first", await stream.ReadLineAsync().WaitAsync(Wait.Generous));
    }

    [Fact]
    public async Task Follow_RotatedByRename_LosesAndRepeatsNothing()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await File.WriteAllTextAsync(supervisor.LogFile, "one\n");
        using var stream = await supervisor.OpenAsync("/api/daemons/alpha/logs?follow=true");
        Assert.Equal("one", await stream.ReadLineAsync().WaitAsync(Wait.Generous));

        await File.AppendAllTextAsync(supervisor.LogFile, "two\n");
        File.Move(supervisor.LogFile, supervisor.LogFile + ".1");
        await File.WriteAllTextAsync(supervisor.LogFile, "three\n");

        Assert.Equal("two", await stream.ReadLineAsync().WaitAsync(Wait.Generous));
        Assert.Equal("three", await stream.ReadLineAsync().WaitAsync(Wait.Generous));
    }

    [Fact]
    public async Task Follow_RotatedWhileTheDaemonGoesOnWriting_LosesAndRepeatsNothing()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var log = new StreamWriter(new FileStream(supervisor.LogFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        using var stream = await supervisor.OpenAsync("/api/daemons/alpha/logs?follow=true");
        var written = 0;
        var seen = 0;
        for (var round = 0; round < 3; round++)
        {
            // More than a block of 64 KiB, so that the rotation can collapse the front where the file system supports it.
            for (var i = 0; i < 3000; i++)
            {
                await log.WriteLineAsync(Line(written++));
            }

            for (; seen < written; seen++)
            {
                Assert.Equal(Line(seen), await stream.ReadLineAsync().WaitAsync(Wait.Generous));
            }

            Assert.True(LogRotation.Rotate(supervisor.LogFile, new LogPolicy { Parts = 2 }, above: 1000));
            log.BaseStream.Seek(0, SeekOrigin.End);
        }

        await log.WriteLineAsync(Line(written));
        Assert.Equal(Line(written), await stream.ReadLineAsync().WaitAsync(Wait.Generous));

        static string Line(int i) => i.ToString("D8", CultureInfo.InvariantCulture) + new string('.', 40);
    }

    [Fact]
    public async Task Follow_SupervisorStops_StreamEnds()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await File.WriteAllTextAsync(supervisor.LogFile, "one\n");
        using var stream = await supervisor.OpenAsync("/api/daemons/alpha/logs?follow=true");
        await stream.ReadLineAsync().WaitAsync(Wait.Generous);

        await supervisor.StopAsync().WaitAsync(Wait.Generous);

        Assert.Null(await stream.ReadLineAsync().WaitAsync(Wait.Generous));
    }
}
