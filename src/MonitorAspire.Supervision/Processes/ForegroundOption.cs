using System.Collections.Frozen;

namespace MonitorAspire.Supervision.Processes;

/// <summary>What keeps well-known servers in the foreground, which is what a supervisor needs.</summary>
internal static class ForegroundOption
{
    private const string InShell = "a last command that has no '&'";

    private static readonly FrozenDictionary<string, string> Options = new Dictionary<string, string>
    {
        ["sh"] = InShell,
        ["bash"] = InShell,
        ["dash"] = InShell,
        ["nginx"] = "-g 'daemon off;'",
        ["gunicorn"] = "no --daemon",
        ["uwsgi"] = "no --daemonize",
        ["unicorn"] = "no -D",
        ["redis-server"] = "--daemonize no",
        ["valkey-server"] = "--daemonize no",
        ["lighttpd"] = "-D",
        ["apache2"] = "-D FOREGROUND",
        ["httpd"] = "-D FOREGROUND",
        ["php-fpm"] = "-F",
        ["haproxy"] = "-W without -D",
        ["varnishd"] = "-F",
        ["squid"] = "--foreground",
        ["memcached"] = "no -d",
        ["mongod"] = "no --fork",
        ["caddy"] = "'caddy run' in place of 'caddy start'",
        ["mosquitto"] = "no -d",
        ["dnsmasq"] = "--keep-in-foreground",
        ["named"] = "-f",
        ["unbound"] = "-d",
        ["sshd"] = "-D",
        ["slapd"] = "-d 0",
        ["proftpd"] = "--nodaemon",
        ["supervisord"] = "--nodaemon",
        ["twistd"] = "--nodaemon",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A sentence for the user of a command, with its option where it is known.</summary>
    internal static string Hint(string executable)
    {
        // Debian's PHP has its version in the name, as in php-fpm8.2.
        var name = Path.GetFileName(executable).TrimEnd("0123456789.".ToCharArray());
        return Options.TryGetValue(name, out var option) ? $"{name} stays in the foreground with {option}" : $"run {name} in the foreground (it may have an option such as --foreground or --nodaemon)";
    }
}
