using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Resources;

/// <summary>The commands that a supervised resource has in the dashboard, in addition to Aspire's own.</summary>
internal static class SupervisionCommands
{
    internal const string Diagnose = "diagnose";
    internal const string ResetCrashLoop = "reset-crash-loop";

    internal static IResourceBuilder<T> WithSupervisionCommands<T>(this IResourceBuilder<T> builder, string daemon)
        where T : IResource => builder
        .WithCommand(
            Diagnose,
            "Diagnose",
            context => RunAsync(context, async client => CommandResults.Success(
                $"Diagnosis of {daemon}", await client.DiagnoseAsync(daemon, context.CancellationToken).ConfigureAwait(false), CommandResultFormat.Markdown, displayImmediately: true)),
            new CommandOptions
            {
                Description = "What the supervisor knows about this daemon: its checks, the owner of its port, its last failure, and what to do.",
                IconName = "Stethoscope",
                // Also for a daemon that does not run, which needs it most.
                UpdateState = static _ => ResourceCommandState.Enabled,
            })
        .WithCommand(
            ResetCrashLoop,
            "Reset crash loop",
            context => RunAsync(context, async client =>
            {
                await client.ResetAsync(daemon, context.CancellationToken).ConfigureAwait(false);
                return CommandResults.Success($"The failures of {daemon} are reset; it is started now");
            }),
            new CommandOptions
            {
                Description = "Resets the failures of the daemon and starts it at once.",
                IconName = "ArrowReset",
                UpdateState = context => context.Services.GetRequiredService<DaemonDisplay>().Find(daemon)?.State is DaemonState.CrashLooping or DaemonState.Backoff
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Hidden,
            });

    private static async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context, Func<SupervisorClient, Task<ExecuteCommandResult>> command)
    {
        try
        {
            return await command(context.Services.GetRequiredService<SupervisorClient>()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return CommandResults.Failure(e.Message);
        }
    }
}
