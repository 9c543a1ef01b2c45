import "./style.css";
import { App } from "./elements/app";
import { apply } from "./theme";

apply();
const app = new App();
app.visitor = "visitor" in document.documentElement.dataset;
app.provider = document.documentElement.dataset["login"] ?? "";
document.body.replaceChildren(app);
