using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace MonitorAspire.Testing;

/// <summary>
/// Checks in a compiled assembly that its folders use each other in one direction only. A folder is a namespace below the root
/// namespace. It may use the folders that stand before it.
/// </summary>
/// <remarks>
/// Types in signatures, fields, base types, constraints, attributes and method bodies are seen. Constants are not: the compiler copies
/// their value.
/// </remarks>
/// <param name="rootNamespace">Namespace above the folders. Its own types may use every folder, and no folder may use them.</param>
/// <param name="lowestFirst">All folders in order, as in <c>Files</c> or <c>Dashboard.Resources</c>. The most exact name counts.</param>
public sealed class FolderOrder(string rootNamespace, IReadOnlyList<string> lowestFirst)
{
    /// <summary>For a folder that may use fewer than all folders before it: the ones that it may use.</summary>
    public Dictionary<string, string[]> Only { get; } = [];

    /// <summary>Fails when a folder uses one that it may not use, or when the list of the folders is not complete.</summary>
    /// <param name="assembly">The compiled assembly; it is read from its file.</param>
    /// <exception cref="InvalidOperationException">With one line for each type and member that uses a wrong type.</exception>
    public void Verify(Assembly assembly)
    {
        if (Violations(assembly) is { Count: > 0 } violations)
        {
            throw new InvalidOperationException(
                $"{assembly.GetName().Name}: {violations.Count} wrong references between folders (lowest first: {string.Join(", ", lowestFirst)}):\n"
                + string.Join('\n', violations));
        }
    }

    /// <summary>The lines of <see cref="Verify"/>.</summary>
    /// <param name="assembly">The compiled assembly.</param>
    public IReadOnlyList<string> Violations(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var references = new AssemblyReferences(file);
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (type, member, used) in references.All())
        {
            if (FolderOf(type.Namespace) is not { } from || FolderOf(used.Namespace) is not { } to)
            {
                continue;
            }

            seen.Add(from);
            foreach (var unknown in new[] { from, to }.Where(folder => folder.Length > 0 && !lowestFirst.Contains(folder)))
            {
                found.Add($"  {unknown} has no place in the order");
            }

            if (!MayUse(from, to))
            {
                found.Add($"  {from} may not use {(to.Length == 0 ? rootNamespace : to)}: {type.Name}{(member is null ? "" : $".{member}")} uses {used.Namespace}.{used.Name}");
            }
        }

        foreach (var folder in lowestFirst.Where(folder => !seen.Contains(folder) && !references.Namespaces.Any(n => FolderOf(n) == folder)))
        {
            found.Add($"  {folder} is in the order, but the assembly has no such folder");
        }

        return [.. found];
    }

    private bool MayUse(string from, string to)
    {
        if (from == to || from.Length == 0)
        {
            return true;
        }

        var (lower, higher) = (IndexOf(to), IndexOf(from));
        return lower >= 0 && lower < higher && (!Only.TryGetValue(from, out var only) || only.Contains(to));
    }

    private int IndexOf(string folder)
    {
        for (var i = 0; i < lowestFirst.Count; i++)
        {
            if (lowestFirst[i] == folder)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The folder of a namespace; empty for the root itself, <see langword="null"/> for a namespace that is not below the root.</summary>
    private string? FolderOf(string ns)
    {
        if (ns == rootNamespace)
        {
            return "";
        }

        if (!ns.StartsWith(rootNamespace + ".", StringComparison.Ordinal))
        {
            return null;
        }

        var below = ns[(rootNamespace.Length + 1)..];
        return lowestFirst
            .Where(folder => below == folder || below.StartsWith(folder + ".", StringComparison.Ordinal))
            .MaxBy(folder => folder.Length) ?? below.Split('.')[0];
    }

    /// <summary>A type, a member of it (where the reference is in one) and a type of the same assembly that it refers to.</summary>
    private readonly record struct Reference((string Namespace, string Name) Type, string? Member, (string Namespace, string Name) Used);

    /// <summary>Reads which types of an assembly its types refer to.</summary>
    private sealed class AssemblyReferences(PEReader file)
    {
        private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (OpCode)field.GetValue(null)!)
            .ToDictionary(code => (int)(ushort)code.Value);

        private readonly MetadataReader _metadata = file.GetMetadataReader();

        internal IEnumerable<string> Namespaces => _metadata.TypeDefinitions.Select(type => NameOf(type).Namespace).Distinct();

        internal IEnumerable<Reference> All()
        {
            foreach (var handle in _metadata.TypeDefinitions)
            {
                var type = NameOf(handle);
                foreach (var (member, used) in ReferencesOf(handle))
                {
                    yield return new Reference(type, member, NameOf(used));
                }
            }
        }

        private IEnumerable<(string? Member, TypeDefinitionHandle Used)> ReferencesOf(TypeDefinitionHandle handle)
        {
            var type = _metadata.GetTypeDefinition(handle);

            // The compiler puts the body of an async method or a lambda into a nested type that has the method's name in angle brackets.
            var origin = Readable(_metadata.GetString(type.Name));
            var ofType = new TypeCollector(_metadata);
            ofType.Add(type.BaseType);
            foreach (var implemented in type.GetInterfaceImplementations())
            {
                ofType.Add(_metadata.GetInterfaceImplementation(implemented).Interface);
            }

            ofType.AddConstraints(type.GetGenericParameters());
            ofType.AddAttributes(type.GetCustomAttributes());
            foreach (var used in ofType.Found)
            {
                yield return (origin, used);
            }

            foreach (var field in type.GetFields().Select(_metadata.GetFieldDefinition))
            {
                var collector = new TypeCollector(_metadata);
                field.DecodeSignature(collector, null);
                collector.AddAttributes(field.GetCustomAttributes());
                foreach (var used in collector.Found)
                {
                    yield return (origin ?? Readable(_metadata.GetString(field.Name)) ?? _metadata.GetString(field.Name), used);
                }
            }

            foreach (var property in type.GetProperties().Select(_metadata.GetPropertyDefinition))
            {
                var collector = new TypeCollector(_metadata);
                collector.AddAttributes(property.GetCustomAttributes());
                foreach (var used in collector.Found)
                {
                    yield return (_metadata.GetString(property.Name), used);
                }
            }

            foreach (var method in type.GetMethods().Select(_metadata.GetMethodDefinition))
            {
                var name = _metadata.GetString(method.Name);
                foreach (var used in ReferencesOf(method))
                {
                    yield return (origin ?? Readable(name) ?? name, used);
                }
            }
        }

        private HashSet<TypeDefinitionHandle> ReferencesOf(MethodDefinition method)
        {
            var collector = new TypeCollector(_metadata);
            method.DecodeSignature(collector, null);
            collector.AddConstraints(method.GetGenericParameters());
            collector.AddAttributes(method.GetCustomAttributes());
            foreach (var parameter in method.GetParameters())
            {
                collector.AddAttributes(_metadata.GetParameter(parameter).GetCustomAttributes());
            }

            if (method.RelativeVirtualAddress == 0)
            {
                return collector.Found;
            }

            var body = file.GetMethodBody(method.RelativeVirtualAddress);
            if (!body.LocalSignature.IsNil)
            {
                _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(collector, null);
            }

            foreach (var region in body.ExceptionRegions)
            {
                collector.Add(region.CatchType);
            }

            foreach (var token in Tokens(body.GetILReader()))
            {
                collector.Add(token);
            }

            return collector.Found;
        }

        private static List<EntityHandle> Tokens(BlobReader il)
        {
            var tokens = new List<EntityHandle>();
            while (il.RemainingBytes > 0)
            {
                int value = il.ReadByte();
                var code = OpCodesByValue[value == 0xFE ? 0xFE00 | il.ReadByte() : value];
                switch (code.OperandType)
                {
                    case OperandType.InlineNone:
                        break;
                    case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                        il.Offset += 1;
                        break;
                    case OperandType.InlineVar:
                        il.Offset += 2;
                        break;
                    case OperandType.InlineI8 or OperandType.InlineR:
                        il.Offset += 8;
                        break;
                    case OperandType.InlineSwitch:
                        var targets = il.ReadInt32();
                        il.Offset += 4 * targets;
                        break;
                    case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                        tokens.Add(MetadataTokens.EntityHandle(il.ReadInt32()));
                        break;
                    default:
                        il.Offset += 4;
                        break;
                }
            }

            return tokens;
        }

        // A nested type belongs to the folder of the type that it is in, and is called by the name of that one.
        private (string Namespace, string Name) NameOf(TypeDefinitionHandle handle)
        {
            var type = _metadata.GetTypeDefinition(handle);
            while (type.GetDeclaringType() is { IsNil: false } outer)
            {
                type = _metadata.GetTypeDefinition(outer);
            }

            return (_metadata.GetString(type.Namespace), _metadata.GetString(type.Name).Split('`')[0]);
        }

        private static string? Readable(string generated) =>
            generated.StartsWith('<') && generated.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? generated[1..end] : null;
    }

    /// <summary>
    /// Collects the types of the assembly itself that a signature, a token or an attribute names. The value of the decoder is true for
    /// <see cref="Type"/>, which an attribute stores as text.
    /// </summary>
    private sealed class TypeCollector(MetadataReader metadata)
        : ISignatureTypeProvider<bool, object?>, ICustomAttributeTypeProvider<bool>
    {
        internal HashSet<TypeDefinitionHandle> Found { get; } = [];

        internal void Add(EntityHandle handle)
        {
            if (handle.IsNil)
            {
                return;
            }

            switch (handle.Kind)
            {
                case HandleKind.TypeDefinition:
                    Found.Add((TypeDefinitionHandle)handle);
                    break;
                case HandleKind.TypeSpecification:
                    metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                    break;
                case HandleKind.FieldDefinition:
                    var field = metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                    Found.Add(field.GetDeclaringType());
                    field.DecodeSignature(this, null);
                    break;
                case HandleKind.MethodDefinition:
                    var method = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                    Found.Add(method.GetDeclaringType());
                    method.DecodeSignature(this, null);
                    break;
                case HandleKind.MethodSpecification:
                    var instance = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                    instance.DecodeSignature(this, null);
                    Add(instance.Method);
                    break;
                case HandleKind.MemberReference:
                    var reference = metadata.GetMemberReference((MemberReferenceHandle)handle);
                    Add(reference.Parent);
                    if (reference.GetKind() == MemberReferenceKind.Method)
                    {
                        reference.DecodeMethodSignature(this, null);
                    }
                    else
                    {
                        reference.DecodeFieldSignature(this, null);
                    }

                    break;
            }
        }

        internal void AddConstraints(GenericParameterHandleCollection parameters)
        {
            foreach (var constraint in parameters.SelectMany(parameter => metadata.GetGenericParameter(parameter).GetConstraints()))
            {
                Add(metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }

        internal void AddAttributes(CustomAttributeHandleCollection attributes)
        {
            foreach (var attribute in attributes.Select(metadata.GetCustomAttribute))
            {
                Add(attribute.Constructor);
                attribute.DecodeValue(this);
            }
        }

        bool ISimpleTypeProvider<bool>.GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            Found.Add(handle);
            return false;
        }

        bool ISignatureTypeProvider<bool, object?>.GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
        {
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
            return false;
        }

        // In an attribute a type is written as text. Of a generic type the arguments stand in brackets; each name counts.
        bool ICustomAttributeTypeProvider<bool>.GetTypeFromSerializedName(string name)
        {
            var names = name.Split(['[', ']', ',', ' '], StringSplitOptions.RemoveEmptyEntries);
            foreach (var handle in metadata.TypeDefinitions)
            {
                var type = metadata.GetTypeDefinition(handle);
                if (names.Contains($"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}"))
                {
                    Found.Add(handle);
                }
            }

            return false;
        }

        PrimitiveTypeCode ICustomAttributeTypeProvider<bool>.GetUnderlyingEnumType(bool type) => PrimitiveTypeCode.Int32;

        bool ICustomAttributeTypeProvider<bool>.IsSystemType(bool type) => type;

        bool ICustomAttributeTypeProvider<bool>.GetSystemType() => true;

        bool ISimpleTypeProvider<bool>.GetPrimitiveType(PrimitiveTypeCode typeCode) => false;

        bool ISimpleTypeProvider<bool>.GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            reader.StringComparer.Equals(reader.GetTypeReference(handle).Name, "Type") && reader.StringComparer.Equals(reader.GetTypeReference(handle).Namespace, "System");

        bool ISZArrayTypeProvider<bool>.GetSZArrayType(bool elementType) => false;

        bool IConstructedTypeProvider<bool>.GetArrayType(bool elementType, ArrayShape shape) => false;

        bool IConstructedTypeProvider<bool>.GetByReferenceType(bool elementType) => false;

        bool IConstructedTypeProvider<bool>.GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => false;

        bool IConstructedTypeProvider<bool>.GetPointerType(bool elementType) => false;

        bool ISignatureTypeProvider<bool, object?>.GetFunctionPointerType(MethodSignature<bool> signature) => false;

        bool ISignatureTypeProvider<bool, object?>.GetGenericMethodParameter(object? genericContext, int index) => false;

        bool ISignatureTypeProvider<bool, object?>.GetGenericTypeParameter(object? genericContext, int index) => false;

        bool ISignatureTypeProvider<bool, object?>.GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => unmodifiedType;

        bool ISignatureTypeProvider<bool, object?>.GetPinnedType(bool elementType) => false;
    }
}
