using System.Reflection;

namespace MonitorAspire.Testing;

/// <summary>The ids of log messages. An operator filters and alerts by them, so each id of a program has one meaning.</summary>
public static class EventIds
{
    private const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The ids that several messages of an assembly have, each with the methods that log them.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="count">How many messages it has.</param>
    public static IReadOnlyList<string> Duplicates(Assembly assembly, out int count)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var messages = assembly.GetTypes().SelectMany(type => type.GetMethods(All))
            .SelectMany(method => method.GetCustomAttributesData().Where(a => a.AttributeType.Name == "LoggerMessageAttribute").Select(a => (Id: IdOf(a), Method: $"{method.DeclaringType}.{method.Name}")))
            .ToList();
        count = messages.Count;
        return [.. messages.GroupBy(m => m.Id).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(m => m.Method))}")];
    }

    private static object? IdOf(CustomAttributeData attribute) =>
        attribute.NamedArguments.Where(a => a.MemberName == "EventId").Select(a => a.TypedValue.Value).Concat(attribute.ConstructorArguments.Select(a => a.Value)).First();
}
