namespace MonitorAspire.ServiceDefaults;

/// <summary>Ends a service within a fixed time, also when its OpenTelemetry collector hangs.</summary>
public static class TelemetryShutdown
{
    // The exporters' own limits add up to far more. A service that takes that long to end looks as if it hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Disposes of a stopped application, which sends its last telemetry. After 2 seconds the method returns, and telemetry that was not
    /// sent by then is lost.
    /// </summary>
    /// <param name="app">The application. The process must end after this call.</param>
    public static async Task SendAndDisposeAsync(this IAsyncDisposable app)
    {
        ArgumentNullException.ThrowIfNull(app);

        // On another thread, because the exporters block while they wait.
        var disposing = Task.Run(async () => await app.DisposeAsync().ConfigureAwait(false));
        try
        {
            await disposing.WaitAsync(Limit, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The collector did not take the telemetry in time.
        }
    }
}
