// Makes the links that open a new customer's files on GitHub. Nothing is sent from here.
(() => {
  const form = document.getElementById("customer");
  const [said, content, record, stack, second, branch] = ["said", "content", "record", "stack", "second", "branch"].map(
    (id) => document.getElementById(id),
  );
  const taken = new Set(form.dataset.taken.split(" "));
  const field = (name) => form.elements[name];
  const chosen = (name) => field(name).selectedOptions[0];

  // JSON's quoted strings are YAML's too; what only looks like a space or a line's end is written out.
  const quoted = (text) =>
    JSON.stringify(text).replace(
      /[\u007f-\u00a0\u2028\u2029\ufeff]/g,
      (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );

  const judge = () => {
    const silo = field("isolation").value === "silo";
    for (const label of form.querySelectorAll("[data-silo]")) {
      label.hidden = !silo;
      label.querySelector("input, select").disabled = !silo;
    }
    for (const one of form.elements) {
      const empty = one.required && !one.disabled && !one.value.trim();
      const strange = /[\p{Cc}\p{Cs}]/u.test(one.value);
      one.setCustomValidity(empty ? "is empty" : strange ? "holds what cannot be printed" : "");
    }
    if (taken.has(field("name").value)) field("name").setCustomValidity("is a customer's already, or was");
    const base = chosen("base");
    if (!chosen("residency").dataset.regions.split(" ").includes(base.dataset.region))
      field("residency").setCustomValidity(`leaves out ${base.dataset.region}, where ${base.value} lies`);
    if (silo && base.dataset.https === undefined)
      field("base").setCustomValidity("serves plain HTTP; a silo needs a base stack with HTTPS");
    return [...form.elements].filter((one) => !one.disabled && !one.validity.valid);
  };

  const written = () => {
    const value = (name) => quoted(field(name).value.trim());
    const base = chosen("base");
    const silo = field("isolation").value === "silo";
    const folder = base.dataset.folder;
    const up = "../".repeat(folder.split("/").length);
    const host = field("hostName").value || `${field("name").value}.${base.dataset.domain}`;
    return [
      `# yaml-language-server: $schema=${up}infra/tenants/tenant.schema.json`,
      `name: ${value("name")}`,
      `legalName: ${value("legalName")}`,
      `isolation: ${value("isolation")}`,
      `base: ${value("base")}`,
      `region: ${quoted(base.dataset.region)}`,
      `residency: ${value("residency")}`,
      ...(silo
        ? [
            `tier: ${value("tier")}`,
            `hostName: ${quoted(host)}`,
            `listenerPriority: ${Number(base.dataset.priority)}`,
            `certificateArn: ${value("certificateArn")}`,
          ]
        : []),
      "contacts:",
      `  - name: ${value("contact")}`,
      `    email: ${value("email")}`,
      `    role: ${value("role")}`,
      "dates:",
      `  signed: ${field("signed").value}`,
      "",
    ].join("\n");
  };

  const link = (where, file, text) => {
    const asked = `filename=${encodeURIComponent(file)}&value=${encodeURIComponent(text)}`;
    return `${form.dataset.address}/new/${encodeURIComponent(where)}?${asked}`;
  };

  const draw = () => {
    const wrong = judge();
    const name = field("name").value;
    const silo = field("isolation").value === "silo";
    content.hidden = wrong.length > 0;
    second.hidden = wrong.length > 0 || !silo;
    record.removeAttribute("href");
    stack.removeAttribute("href");
    if (wrong.length) {
      const labels = wrong.map((one) => `${one.closest("label").firstElementChild.textContent}: ${one.validationMessage}`);
      said.textContent = `Still to fill in: ${labels.join("; ")}`;
      return;
    }
    const text = written();
    const own = `${field("base").value}-${name}`;
    said.textContent = `Name the branch tenant-${name} on GitHub.`;
    content.textContent = text;
    branch.textContent = `tenant-${name}`;
    record.href = link("main", `${chosen("base").dataset.folder}/${name}.yaml`, text);
    stack.href = link(`tenant-${name}`, `Pulumi.${own}.yaml`, `config:\n  workbuoy:tenant: ${quoted(name)}\n`);
  };

  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  draw();
})();
